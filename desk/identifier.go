package desk

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"ucal/channel"
	"ucal/flow"
)

// Identifier names a contact as the API does: by id, e-mail or phone.
type Identifier struct {
	ID    int64
	Email string
	Phone string
}

// ByID names a contact by its id.
func ByID(id int64) Identifier { return Identifier{ID: id} }

var (
	idPattern    = regexp.MustCompile(`^id:\d+$`)
	emailPattern = regexp.MustCompile(`^email:.+@.+\..+$`)
	phonePattern = regexp.MustCompile(`^phone:\+?\d+$`)
)

// ParseIdentifier reads `id:1`, `email:ann@example.com` or `phone:+60123456789`.
func ParseIdentifier(s string) (Identifier, error) {
	_, value, _ := strings.Cut(s, ":")
	switch {
	case idPattern.MatchString(s):
		if id, err := strconv.ParseInt(value, 10, 64); err == nil && id > 0 {
			return Identifier{ID: id}, nil
		}
	case emailPattern.MatchString(s):
		email, err := flow.FitField(flow.FieldInfo{Key: "an e-mail", Type: flow.FieldEmail}, value)
		if err != nil || email == "" {
			return Identifier{}, invalid("identifier", "%q is no e-mail address; write it as email:ann@example.com", clip(value))
		}
		return Identifier{Email: email}, nil
	case phonePattern.MatchString(s):
		phone, err := channel.NormalizePhone(value)
		if err != nil {
			return Identifier{}, invalid("identifier", "%s", err)
		}
		return Identifier{Phone: phone}, nil
	}
	return Identifier{}, invalid("identifier", "%q names no contact: write id:1, email:ann@example.com or phone:+60123456789", s)
}

// String is the identifier as the API writes it.
func (i Identifier) String() string {
	switch {
	case i.Email != "":
		return "email:" + i.Email
	case i.Phone != "":
		return "phone:" + i.Phone
	}
	return fmt.Sprintf("id:%d", i.ID)
}

// find reads the contact that is meant, without a lock: of several with the same
// value the most recently active one. Contacts that the caller may not see do
// not exist.
func (t *txn) find(p Principal, i Identifier) (*Contact, error) {
	q := t.db.Where("workspace_id = ?", t.wsID)
	switch {
	case i.Email != "":
		q = q.Where("email = ?", i.Email)
	case i.Phone != "":
		q = q.Where("phone = ?", i.Phone)
	default:
		q = q.Where("id = ?", i.ID)
	}
	c, err := first[Contact](t.visible(q, p).Order("last_message_at DESC, created_at DESC, id DESC"))
	if err != nil {
		return nil, fmt.Errorf("contact %s: %w", i, err)
	}
	if c == nil {
		return nil, notFound("contact", i)
	}
	return c, nil
}

// named is the contact that is meant, locked.
func (t *txn) named(p Principal, i Identifier) (*Contact, error) {
	c, err := t.find(p, i)
	if err != nil {
		return nil, err
	}
	return t.contact(c.ID)
}

// Restrictions of agents: which contacts they see.
const (
	ShowOnlyMine     = "show_only_mine"
	ShowTeamContacts = "show_team_contacts"
)

// visible narrows a query on contacts to those that the caller may see: an
// agent may be restricted to their own or their team's.
func (t *txn) visible(q *gorm.DB, p Principal) *gorm.DB {
	switch {
	case p.Role != Agent || p.UserID == 0:
		return q
	case p.Restricted(ShowOnlyMine), p.Restricted(ShowTeamContacts) && p.TeamID == 0:
		return q.Where("assignee_id = ?", p.UserID)
	case p.Restricted(ShowTeamContacts):
		return q.Where("assignee_id IN (SELECT id FROM users WHERE team_id = ?)", p.TeamID)
	}
	return q
}
