package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"
)

// ContactFilter chooses contacts.
type ContactFilter struct {
	Search string // part of a name, e-mail or phone, or id:1; "" = everybody
	All    []ContactCondition
	Any    []ContactCondition
}

// ContactCondition is one test of a filter.
type ContactCondition struct {
	Category string
	Field    string
	Operator string
	Value    json.RawMessage
}

// MaxFilterConditions is how many conditions a filter may have.
const MaxFilterConditions = 20

// Contacts lists the contacts that a filter chooses, oldest first.
func (d *Desk) Contacts(ctx context.Context, p Principal, f ContactFilter, page Page) (List[ContactView], error) {
	var out List[ContactView]
	err := d.read(ctx, p, func(t *txn) error {
		q, err := t.filter(t.visible(t.db.Where("workspace_id = ?", t.wsID), p), f)
		if err != nil {
			return err
		}
		l, err := list(q, page, oldestFirst(), func(c *Contact) int64 { return c.ID })
		if err != nil {
			return err
		}
		views, err := t.views(l.Items)
		out = convert(l, views)
		return err
	})
	return out, err
}

func (t *txn) filter(q *gorm.DB, f ContactFilter) (*gorm.DB, error) {
	if q = search(q, f.Search); len(f.All)+len(f.Any) == 0 {
		return q, nil
	}
	path, conditions, and := "filter.$and", f.All, true
	if len(f.Any) > 0 {
		path, conditions, and = "filter.$or", f.Any, false
	}
	var wrong faults
	switch {
	case len(f.All) > 0 && len(f.Any) > 0:
		wrong.bad("filter", "has $and and $or; give exactly one of them")
	case len(conditions) > MaxFilterConditions:
		wrong.bad(path, "has %d conditions, at most %d are allowed", len(conditions), MaxFilterConditions)
	}
	group := t.db
	for i, c := range conditions {
		sql, args, err := t.condition(c, fmt.Sprintf("%s[%d]", path, i), &wrong)
		switch {
		case err != nil:
			return nil, err
		case sql == "":
		case and:
			group = group.Where(sql, args...)
		default:
			group = group.Or(sql, args...)
		}
	}
	if err := wrong.err(); err != nil {
		return nil, err
	}
	return q.Where(group), nil
}

// search narrows a query to contacts whose names, e-mail or phone hold the text.
func search(q *gorm.DB, text string) *gorm.DB {
	text = strings.TrimSpace(text)
	if text == "" {
		return q
	}
	if id, ok := strings.CutPrefix(text, "id:"); ok {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			n = 0
		}
		return q.Where("id = ?", n)
	}
	part := like(text)
	return q.Where(`lower(first_name) LIKE ? ESCAPE '\' OR lower(last_name) LIKE ? ESCAPE '\' OR lower(first_name || ' ' || last_name) LIKE ? ESCAPE '\' OR email LIKE ? ESCAPE '\' OR phone LIKE ? ESCAPE '\'`,
		part, part, part, part, part)
}

// like is the pattern for texts that hold s, ignoring case.
func like(s string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(s)) + "%"
}

// condition turns one test into SQL; "" after a fault.
func (t *txn) condition(c ContactCondition, path string, wrong *faults) (string, []any, error) {
	switch c.Category {
	case "contactField":
		return t.fieldCondition(c, path, wrong)
	case "contactTag":
		sql, args := tagCondition(c, path, wrong)
		return sql, args, nil
	case "lifecycle", "channel", "lastInteractedChannel", "team", "timeSince":
		wrong.bad(path+".category", "%q is not offered by this release; use contactField or contactTag", c.Category)
	default:
		wrong.bad(path+".category", "%q is no category; use contactField or contactTag", clip(c.Category))
	}
	return "", nil, nil
}

// fieldCondition compares a standard or custom field. Numbers and booleans are
// stored as text; every comparison ignores case.
func (t *txn) fieldCondition(c ContactCondition, path string, wrong *faults) (string, []any, error) {
	side, args, err := t.side(c.Field)
	if err != nil {
		return "", nil, err
	}
	if side == "" {
		wrong.bad(path+".field", "%q is no field of a contact; use a standard field, or the slug or name of a custom field", clip(c.Field))
		return "", nil, nil
	}
	value := ""
	switch c.Operator {
	case "exists":
		return side + " <> ''", args, nil
	case "doesNotExist":
		return side + " = ''", args, nil
	case "isEqualTo", "isNotEqualTo", "contains", "doesNotContain":
		if value = scalar(c.Value); value == "" {
			wrong.bad(path+".value", "is missing; give a text")
			return "", nil, nil
		}
	case "isGreaterThan", "isLessThan", "isBetween", "isTimestampAfter", "isTimestampBefore", "isTimestampBetween", "hasAnyOf", "hasAllOf", "hasNoneOf":
		wrong.bad(path+".operator", "%q is not offered for contactField by this release; use isEqualTo, isNotEqualTo, contains, doesNotContain, exists or doesNotExist", c.Operator)
		return "", nil, nil
	default:
		wrong.bad(path+".operator", "%q is no operator; use isEqualTo, isNotEqualTo, contains, doesNotContain, exists or doesNotExist", clip(c.Operator))
		return "", nil, nil
	}
	switch c.Operator {
	case "contains":
		return "lower(" + side + `) LIKE ? ESCAPE '\'`, append(args, like(value)), nil
	case "doesNotContain":
		return "lower(" + side + `) NOT LIKE ? ESCAPE '\'`, append(args, like(value)), nil
	case "isNotEqualTo":
		return "lower(" + side + ") <> ?", append(args, strings.ToLower(value)), nil
	}
	return "lower(" + side + ") = ?", append(args, strings.ToLower(value)), nil
}

// side is the SQL of a field as text, "" = empty; "" when there is no such field.
func (t *txn) side(field string) (string, []any, error) {
	standard := map[string]string{"firstName": "first_name", "lastName": "last_name", "email": "email", "phone": "phone", "language": "language",
		"countryCode": "country_code", "profilePic": "profile_pic", "status": "CASE WHEN conversation_id > 0 THEN 'open' ELSE 'close' END",
		"assigneeUserId": "CASE WHEN assignee_id > 0 THEN CAST(assignee_id AS TEXT) ELSE '' END", "isBlocked": "CASE WHEN is_blocked THEN 'true' ELSE 'false' END"}
	if sql, ok := standard[field]; ok {
		return sql, nil, nil
	}
	if field == "" {
		return "", nil, nil
	}
	f, err := t.customField(field)
	if err != nil || f == nil {
		return "", nil, err
	}
	return "coalesce((SELECT value FROM contact_values cv WHERE cv.contact_id = contacts.id AND cv.field_id = ?), '')", []any{f.ID}, nil
}

func tagCondition(c ContactCondition, path string, wrong *faults) (string, []any) {
	const has = "(SELECT count(*) FROM contact_tags ct JOIN tags ON tags.id = ct.tag_id WHERE ct.contact_id = contacts.id"
	switch c.Operator {
	case "exists":
		return has + ") > 0", nil
	case "doesNotExist":
		return has + ") = 0", nil
	case "hasAnyOf", "hasAllOf", "hasNoneOf":
	default:
		wrong.bad(path+".operator", "%q does not fit contactTag; use hasAnyOf, hasAllOf, hasNoneOf, exists or doesNotExist", clip(c.Operator))
		return "", nil
	}
	var names []string
	if err := json.Unmarshal(c.Value, &names); err != nil || len(names) == 0 {
		wrong.bad(path+".value", "must be a list of tag names")
		return "", nil
	}
	for i, n := range names {
		names[i] = fold(n)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	sql := has + " AND tags.name_key IN ?) "
	switch c.Operator {
	case "hasAllOf":
		return sql + "= ?", []any{names, len(names)}
	case "hasNoneOf":
		return sql + "= 0", []any{names}
	}
	return sql + "> 0", []any{names}
}

// scalar is a JSON text, number or boolean as text; "" for everything else.
func scalar(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return strings.TrimSpace(s)
	}
	text := strings.TrimSpace(string(raw))
	if text == "" || text == "null" || strings.ContainsAny(text[:1], `[{`) {
		return ""
	}
	return text
}
