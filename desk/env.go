package desk

import (
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"ucal/flow"
)

// env answers a workflow's variables and conditions from the database, inside
// the transaction of the effect that asks. Lookups are lazy; a database error
// shows as an empty value, and the transaction does not commit.
type env struct {
	t   *txn
	c   *Contact
	run *Run // nil while triggers are matched

	assignee *User
	conv     *Conversation
	haveUser bool
	haveConv bool
}

func (t *txn) env(c *Contact, run *Run) *env { return &env{t: t, c: c, run: run} }

// vars is the Env of a run's effect: the desk and the run's variables.
func (e *doing) vars() flow.Env { return flow.WithVars(e.env(e.c, e.run), e.call.Vars) }

// look is first for a lookup, which has no error to return.
func look[T any](e *env, q *gorm.DB) *T {
	row, err := first[T](q)
	e.t.failed(err)
	return row
}

func (e *env) Now() time.Time { return timeOf(e.t.at) }

func (e *env) Zone() *time.Location {
	ws, err := e.t.workspace()
	if e.t.failed(err) {
		return time.UTC
	}
	return ws.Zone()
}

func (e *env) Strict() bool {
	ws, err := e.t.workspace()
	return !e.t.failed(err) && ws.StrictEmptyVariables
}

func (e *env) Tags() []string {
	var names []string
	q := e.t.db.Table("tags").Joins("JOIN contact_tags ct ON ct.tag_id = tags.id").Where("ct.contact_id = ?", e.c.ID).Order("tags.id")
	e.t.failed(q.Pluck("tags.name", &names).Error)
	return names
}

func (e *env) LastMessageAt(incoming bool) (time.Time, bool) {
	m := e.last(incoming)
	if m == nil {
		return time.Time{}, false
	}
	return timeOf(m.At), true
}

func (e *env) last(incoming bool) *Message {
	dir := Outgoing
	if incoming {
		dir = Incoming
	}
	m := look[Message](e, e.t.db.Where("contact_id = ? AND traffic = ?", e.c.ID, dir).Order("at DESC, id DESC"))
	return m
}

// Exists tells conditions whether a tag, channel or closing category is still
// there.
func (e *env) Exists(kind flow.RefKind, name string) bool {
	return len(e.find(kind, flow.Ref{Name: name})) > 0
}

// Named is the present name of what a condition refers to by its id.
func (e *env) Named(kind flow.RefKind, id int64) (string, bool) {
	now := e.find(kind, flow.Ref{ID: id})
	if len(now) == 0 {
		return "", false
	}
	return now[0].Name, true
}

func (e *env) find(kind flow.RefKind, ref flow.Ref) []flow.Ref {
	dir := &directory{t: e.t}
	found := dir.Find(kind, ref)
	e.t.failed(dir.err)
	return found
}

func (e *env) Lookup(name string) (string, bool) {
	switch name {
	case flow.NameLastIncoming, flow.NameLastOutgoing:
		if m := e.last(name == flow.NameLastIncoming); m != nil {
			return m.Body.Summary(), true
		}
		return "", true
	case flow.NameLastOutgoingSource:
		if m := e.last(false); m != nil {
			return string(m.SenderSource), true
		}
		return "", true
	case flow.NameLastChannel, flow.NameLastChannelSource:
		return e.lastChannel(name), true
	case flow.NameAssigneeStatus:
		return e.assigneeStatus(), true
	}
	ns, rest, _ := strings.Cut(name, ".")
	switch ns {
	case "contact":
		return e.contact(rest)
	case "assignee":
		return e.assigneeField(rest)
	case "conversation":
		return e.conversationField(rest)
	}
	return e.runField(name)
}

// runField are the names of the run; they are empty while a trigger is matched.
func (e *env) runField(name string) (string, bool) {
	run := e.run
	if run == nil {
		run = &Run{}
	}
	switch name {
	case "run.id":
		return number(run.ID), true
	case "workflow.id":
		return number(run.WorkflowID), true
	case "workflow.name":
		if run.ID == 0 {
			return "", true
		}
		return e.t.workflowName(), true
	}
	return "", false
}

func (e *env) contact(field string) (string, bool) {
	c := e.c
	switch field {
	case "id":
		return strconv.FormatInt(c.ID, 10), true
	case "name":
		return c.Name(), true
	case "firstname":
		return c.FirstName, true
	case "lastname":
		return c.LastName, true
	case "email":
		return c.Email, true
	case "phone":
		return c.Phone, true
	case "country":
		return c.CountryCode, true
	case "language":
		return c.Language, true
	case "profilepic":
		return c.ProfilePic, true
	case "status":
		return c.Status(), true
	case "tags":
		return strings.Join(e.Tags(), ", "), true
	case "assignee":
		if u := e.user(); u != nil {
			return u.Email, true
		}
		return "", true
	}
	f := look[CustomField](e, e.t.db.Where("workspace_id = ? AND slug = ?", e.t.wsID, field)) // names of variables are case-sensitive
	if f == nil {
		return "", false
	}
	v := look[ContactValue](e, e.t.db.Where("contact_id = ? AND field_id = ?", c.ID, f.ID))
	if v == nil {
		return "", true
	}
	return v.Value, true
}

func (e *env) user() *User {
	if !e.haveUser {
		e.haveUser = true
		if e.c.AssigneeID != 0 {
			e.assignee = look[User](e, e.t.db.Where("id = ?", e.c.AssigneeID))
		}
	}
	return e.assignee
}

func (e *env) assigneeStatus() string {
	u := e.user()
	ws, err := e.t.workspace()
	if e.t.failed(err) || u == nil {
		return ""
	}
	return string(u.Effective(e.t.at, ws.UserInactivityTimeout))
}

func (e *env) assigneeField(field string) (string, bool) {
	u := e.user()
	if u == nil {
		u = &User{}
	}
	switch field {
	case "id":
		return number(u.ID), true
	case "name":
		return u.Name(), true
	case "firstname":
		return u.FirstName, true
	case "lastname":
		return u.LastName, true
	case "email":
		return u.Email, true
	case "team":
		if team := look[Team](e, e.t.db.Where("id = ?", u.TeamID)); team != nil {
			return team.Name, true
		}
		return "", true
	}
	return "", false
}

func (e *env) lastChannel(name string) string {
	if e.c.IdentityID == 0 {
		return ""
	}
	ch := look[Channel](e, e.t.db.Where("id = (SELECT channel_id FROM identities WHERE id = ?)", e.c.IdentityID))
	switch {
	case ch == nil:
		return ""
	case name == flow.NameLastChannel:
		return ch.Name
	}
	return string(ch.Source)
}

// conversation is the one whose opening or closing started the run, else the
// open one, else the latest; nil when the contact never had one, and then all
// its names are empty.
func (e *env) conversation() *Conversation {
	if e.haveConv {
		return e.conv
	}
	e.haveConv = true
	q := e.t.db.Where("contact_id = ?", e.c.ID).Order("id DESC")
	switch {
	case e.run != nil && e.run.ConversationID != 0:
		q = q.Where("id = ?", e.run.ConversationID)
	case e.c.ConversationID != 0:
		q = q.Where("id = ?", e.c.ConversationID)
	}
	e.conv = look[Conversation](e, q)
	return e.conv
}

func (e *env) conversationField(field string) (string, bool) {
	cv := e.conversation()
	if cv == nil {
		cv = &Conversation{}
	}
	switch field {
	case "id":
		return number(cv.ID), true
	case "status":
		switch {
		case cv.ID == 0:
			return "", true
		case cv.ClosedAt == 0:
			return "open", true
		}
		return "close", true
	case "opened_at":
		return e.moment(cv.OpenedAt), true
	case "opened_by":
		return cv.OpenedBy.Name, true
	case "opened_source":
		return string(cv.OpenedSource), true
	case "closed_at":
		return e.moment(cv.ClosedAt), true
	case "closed_by":
		return cv.ClosedBy.Name, true
	case "closed_source":
		return string(cv.ClosedSource), true
	case "category":
		return cv.Category, true
	case "summary":
		return cv.Summary, true
	case "is_new_contact":
		if cv.ID == 0 {
			return "", true
		}
		return strconv.FormatBool(cv.ContactType == "new"), true
	case "first_response_at":
		return e.moment(cv.FirstResponseAt), true
	case "first_response_time":
		return seconds(cv.OpenedAt, cv.FirstResponseAt), true
	case "resolution_time":
		return seconds(cv.OpenedAt, cv.ClosedAt), true
	case "first_assignee":
		return e.userName(cv.FirstAssigneeID), true
	case "last_assignee":
		return e.userName(cv.LastAssigneeID), true
	case "first_incoming_message":
		if m := look[Message](e, e.t.db.Where("id = ?", cv.FirstIncomingMessageID)); m != nil {
			return m.Body.Summary(), true
		}
		return "", true
	case "first_incoming_channel":
		ch := look[Channel](e, e.t.db.Where("id = (SELECT channel_id FROM messages WHERE id = ?)", cv.FirstIncomingMessageID))
		if ch != nil {
			return ch.Name, true
		}
		return "", true
	case "last_broadcast":
		return "", true
	}
	return "", false
}

func (e *env) userName(id int64) string {
	if id == 0 {
		return ""
	}
	if u := look[User](e, e.t.db.Where("id = ?", id)); u != nil {
		return u.Name()
	}
	return ""
}

func (e *env) moment(millis int64) string {
	if millis == 0 {
		return ""
	}
	return timeOf(millis).In(e.Zone()).Format(time.DateTime)
}

func seconds(from, to int64) string {
	if from == 0 || to == 0 {
		return ""
	}
	return strconv.FormatInt((to-from)/1000, 10) // 0 is a time too
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
