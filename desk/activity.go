package desk

import (
	"context"
	"slices"
	"strings"
)

// Activity is one line of a contact's timeline, made from an event.
type Activity struct {
	ID    int64
	Type  string
	At    int64
	Actor Actor
	Data  map[string]any
}

// activityType is the name that the timeline gives to an event.
type activityType struct {
	name  string
	event EventType
	with  string // text that the event's data holds; "" = any
}

// activityTypes are the events that a timeline shows. Data is stored as JSON
// with sorted keys and without spaces.
func activityTypes() []activityType {
	return []activityType{
		{"contact.created", ContactCreated, ""}, {"contact.updated", ContactUpdated, ""},
		{"contact.blocked", ContactBlocked, ""}, {"contact.unblocked", ContactUnblocked, ""},
		{"conversation.opened", ConversationOpened, ""}, {"conversation.closed", ConversationClosed, ""},
		{"assignee.changed", AssigneeUpdated, ""},
		{"tag.added", TagUpdated, `"action":"add"`}, {"tag.removed", TagUpdated, `"action":"remove"`},
		{"workflow.started", WorkflowStarted, ""}, {"workflow.ended", WorkflowEnded, ""},
		{"comment.added", CommentCreated, ""}, {"ad.clicked", AdClicked, ""},
	}
}

func activityName(e *Event) string {
	for _, a := range activityTypes() {
		if a.event == e.Type && (a.with == "" || strings.HasSuffix(a.name, pastTense(e.Data["action"]))) {
			return a.name
		}
	}
	return string(e.Type)
}

func pastTense(action any) string {
	if action == "remove" {
		return "removed"
	}
	return "added"
}

// Activities lists a contact's timeline, newest first; kind "" = all types.
func (d *Desk) Activities(ctx context.Context, p Principal, who Identifier, kind string, page Page) (List[Activity], error) {
	types := activityTypes()
	if kind != "" {
		types = slices.DeleteFunc(types, func(a activityType) bool { return a.name != kind })
	}
	if len(types) == 0 {
		return List[Activity]{}, invalid("type", "%q is no type of activity; use one of %s", kind, activityNames())
	}
	var out List[Activity]
	err := d.read(ctx, p, func(t *txn) error {
		c, err := t.find(p, who)
		if err != nil {
			return err
		}
		var events []EventType
		for _, a := range types {
			events = append(events, a.event)
		}
		q := t.db.Where("contact_id = ? AND type IN ?", c.ID, events)
		if len(types) == 1 && types[0].with != "" {
			q = q.Where("data LIKE ?", "%"+types[0].with+"%")
		}
		l, err := list(q, page, newestFirst(), func(e *Event) int64 { return e.ID })
		if err != nil {
			return err
		}
		items := make([]Activity, len(l.Items))
		for i := range l.Items {
			e := &l.Items[i]
			items[i] = Activity{ID: e.ID, Type: activityName(e), At: e.At, Actor: e.Actor, Data: e.Data}
		}
		out = convert(l, items)
		return nil
	})
	return out, err
}

func activityNames() string {
	var names []string
	for _, a := range activityTypes() {
		names = append(names, a.name)
	}
	return strings.Join(names, ", ")
}
