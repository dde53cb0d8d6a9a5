package desk

import (
	"context"

	"ucal/flow"
)

// Evaluate decides a Branch from the contact as it is now.
func (d *Desk) Evaluate(ctx context.Context, call flow.Call, ev flow.Evaluate) (flow.Result, error) {
	return d.effect(ctx, call, "evaluate", false, func(e *doing) (flow.Result, error) {
		arm, seen := flow.EvaluateBranches(ev.Branches, e.vars())
		e.detail["conditions"] = seen
		return flow.Result{Outcome: flow.Done, Arm: arm}, nil
	})
}

// UpdateTag adds or removes tags. It never fails: an unknown tag is created when
// it is added and is no loss when it is removed.
func (d *Desk) UpdateTag(ctx context.Context, call flow.Call, u flow.UpdateTag) (flow.Result, error) {
	return d.effect(ctx, call, "update_tag", false, func(e *doing) (flow.Result, error) {
		names := make([]string, len(u.Tags))
		for i, ref := range u.Tags {
			name, err := e.tagName(ref)
			if err != nil {
				return flow.Result{}, err
			}
			names[i] = flow.Render(name, e.vars())
		}
		changed, err := e.changeTags(e.c, names, u.Remove)
		if err != nil {
			return flow.Result{}, err
		}
		e.detail["tags"] = changed
		return flow.Result{Outcome: flow.Done}, nil
	})
}

// UpdateField sets or clears one contact field.
func (d *Desk) UpdateField(ctx context.Context, call flow.Call, u flow.UpdateField) (flow.Result, error) {
	return d.effect(ctx, call, "update_field", false, func(e *doing) (flow.Result, error) {
		value := flow.Render(u.Value, e.vars())
		if value == "" && !u.Clear {
			e.detail["reason"] = "the value is empty: field left alone"
			return flow.Result{Outcome: flow.Done}, nil
		}
		code, err := e.setField(u.Field, value)
		if err != nil || code != "" {
			return flow.Result{Outcome: flow.Failed, Code: code}, err
		}
		return flow.Result{Outcome: flow.Done}, nil
	})
}

// setField writes one field by its reference; code is the soft failure.
func (e *doing) setField(ref flow.Ref, value string) (code string, err error) {
	key, err := e.fieldKey(ref)
	if err != nil {
		return "", err
	}
	if key == "" {
		return "field.gone", nil
	}
	err = e.writeField(e.c, key, value)
	if bad := AsError(err); bad != nil {
		e.detail["problem"] = bad.Message
		return "field.value_invalid", nil
	}
	e.detail["field"] = key
	return "", err
}

// SaveAnswer writes a valid answer to a contact field and as a tag. A value that
// does not fit the field is a warning only.
func (d *Desk) SaveAnswer(ctx context.Context, call flow.Call, s flow.SaveAnswer) (flow.Result, error) {
	return d.effect(ctx, call, "save_answer", false, func(e *doing) (flow.Result, error) {
		res := flow.Result{Outcome: flow.Done}
		if !s.Field.Empty() {
			code, err := e.setField(s.Field, s.Value)
			if err != nil {
				return res, err
			}
			if code != "" {
				res.Warnings = append(res.Warnings, "answer.not_saved")
			}
		}
		if s.Tag {
			if _, err := e.changeTags(e.c, []string{s.Value}, false); err != nil {
				return res, err
			}
		}
		return res, nil
	})
}

// Comment writes an internal note; its author is the workflow.
func (d *Desk) Comment(ctx context.Context, call flow.Call, cm flow.Comment) (flow.Result, error) {
	return d.effect(ctx, call, "comment", false, func(e *doing) (flow.Result, error) {
		text, res := flow.Render(cm.Text, e.vars()), flow.Result{Outcome: flow.Done}
		if tooLong(text, MaxComment) {
			text = string([]rune(text)[:MaxComment])
			res.Warnings = append(res.Warnings, "the comment was cut to 1,000 characters")
		}
		cmt, err := e.addComment(e.c, text)
		if err != nil {
			return res, err
		}
		e.detail["commentId"] = cmt.ID
		return res, nil
	})
}

// Open opens the conversation with source workflow.
func (d *Desk) Open(ctx context.Context, call flow.Call, _ flow.Open) (flow.Result, error) {
	return d.effect(ctx, call, "open", false, func(e *doing) (flow.Result, error) {
		if e.c.IsBlocked {
			return flow.Result{Outcome: flow.Failed, Code: "conversation.contact_blocked"}, nil
		}
		return flow.Result{Outcome: flow.Done}, e.openAndTrigger(e.c, SourceWorkflow)
	})
}

// openAndTrigger opens the conversation and offers the event to the workflows.
func (t *txn) openAndTrigger(c *Contact, source Source) error {
	ev, err := t.openConversation(c, source, 0)
	if err != nil || ev == nil {
		return err
	}
	return t.trigger(c, ev, flow.Happening{Type: flow.ConversationOpened, Source: string(source)})
}

// Close closes the conversation with source workflow.
func (d *Desk) Close(ctx context.Context, call flow.Call, cl flow.Close) (flow.Result, error) {
	return d.effect(ctx, call, "close", true, func(e *doing) (flow.Result, error) {
		if e.c.IsBlocked {
			return flow.Result{Outcome: flow.Failed, Code: "conversation.contact_blocked"}, nil
		}
		res, note := flow.Result{Outcome: flow.Done}, closing{summary: flow.Render(cl.Summary, e.vars())}
		if tooLong(note.summary, MaxSummary) {
			note.summary = string([]rune(note.summary)[:MaxSummary])
			res.Warnings = append(res.Warnings, "the summary was cut to 512 characters")
		}
		if !cl.Category.Empty() {
			name, err := e.categoryName(cl.Category)
			if err != nil {
				return res, err
			}
			if name == "" {
				res.Warnings = append(res.Warnings, "closing.category_gone")
			}
			note.category = name
		}
		return res, e.closeAndTrigger(e.c, SourceWorkflow, note)
	})
}

// closeAndTrigger closes the conversation and offers the event to the workflows.
// The caller holds the assignment lock.
func (t *txn) closeAndTrigger(c *Contact, source Source, note closing) error {
	ev, err := t.closeConversation(c, source, note)
	if err != nil || ev == nil {
		return err
	}
	return t.trigger(c, ev, flow.Happening{Type: flow.ConversationClosed, Source: string(source), Category: note.category})
}
