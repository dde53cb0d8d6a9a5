package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"gorm.io/gorm/clause"

	"ucal/flow"
)

// WorkflowInput is a workflow as the API sends it; nil leaves a part alone.
type WorkflowInput struct {
	Name        *string
	Slug        *string // on create only; default: made from the name
	Description *string
	Settings    json.RawMessage
	Definition  json.RawMessage
	Revision    int64 // on update: of the draft that the caller has changed
}

// CreateWorkflow stores a new draft, or refuses with every problem.
func (d *Desk) CreateWorkflow(ctx context.Context, p Principal, in WorkflowInput) (*WorkflowView, error) {
	var v *WorkflowView
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		def := &flow.Definition{Format: flow.Format}
		in.describe(def)
		if in.Slug != nil {
			def.ID = *in.Slug
		}
		if err := t.readInput(in, def); err != nil {
			return err
		}
		wf, err := t.insertWorkflow(def, in.Slug != nil)
		if err != nil {
			return err
		}
		v, err = t.fullView(wf)
		return err
	})
	return v, err
}

// UpdateWorkflow stores a changed draft; a stale revision is refused. Name and
// description may change while the draft still has problems.
func (d *Desk) UpdateWorkflow(ctx context.Context, p Principal, ref string, in WorkflowInput) (*WorkflowView, error) {
	defer d.recent.workflows.clear()
	var v *WorkflowView
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		wf, err := t.workflowByRef(ref, true)
		if err != nil {
			return err
		}
		if in.Revision != wf.Revision {
			return stale(wf, in.Revision)
		}
		def, err := decode(wf.Draft)
		if err != nil {
			return err
		}
		in.describe(def)
		if err := t.readInput(in, def); err != nil {
			return err
		}
		if err := t.saveDraft(wf, def); err != nil {
			return err
		}
		v, err = t.fullView(wf)
		return err
	})
	return v, err
}

func stale(wf *Workflow, have int64) *Error {
	return refuse(Conflict, "stale_revision", "workflow %q has revision %d by now, not %d; read it again and repeat the change", wf.Name, wf.Revision, have)
}

func (in WorkflowInput) describe(def *flow.Definition) {
	if in.Name != nil {
		def.Name = strings.TrimSpace(*in.Name)
	}
	if in.Description != nil {
		def.Description = strings.TrimSpace(*in.Description)
	}
}

// readInput reads settings and definition into def and refuses with everything
// that blocks saving.
func (t *txn) readInput(in WorkflowInput, def *flow.Definition) error {
	var unread flow.Problems
	if in.Settings != nil {
		unread = append(unread, unreadable(flow.ReadSettings(in.Settings, def))...)
	}
	if in.Definition != nil {
		unread = append(unread, unreadable(flow.ReadBody(in.Definition, def))...)
	}
	if len(unread) > 0 {
		return invalidWorkflow(unread)
	}
	problems, err := t.check(def, flow.Save)
	if err != nil {
		return err
	}
	if in.Settings == nil && in.Definition == nil { // only the name: an incomplete draft may stay incomplete
		problems = identityProblems(problems)
	}
	if problems.Blocking() {
		return invalidWorkflow(problems)
	}
	return nil
}

// identityProblems are the problems of id, name and description, without which
// not even an incomplete draft can be stored.
func identityProblems(problems flow.Problems) flow.Problems {
	var own flow.Problems
	for _, x := range problems {
		if x.Path == "name" || x.Path == "description" || x.Path == "id" {
			own = append(own, x)
		}
	}
	return own
}

// unreadable are the problems after which nothing of a part was taken over.
func unreadable(problems flow.Problems) flow.Problems {
	var out flow.Problems
	for _, x := range problems {
		if x.Code == "file.syntax" || x.Code == "file.too_large" {
			out = append(out, x)
		}
	}
	return out
}

func invalidWorkflow(problems flow.Problems) *Error {
	e := refuse(Invalid, "workflow_invalid", "the workflow has problems")
	for _, x := range problems {
		if x.Severity == flow.SeverityError {
			e.Message = fmt.Sprintf("the workflow has problems; the first: %s (%s%s)", x.Message, x.Code, place(x))
			break
		}
	}
	e.Problems = problems
	return e
}

// place says where a problem is, as the end of a sentence; "" when it concerns
// the whole workflow.
func place(x flow.Problem) string {
	switch {
	case x.Path != "":
		return " at " + x.Path
	case x.Line != 0:
		return fmt.Sprintf(" in line %d", x.Line)
	}
	return ""
}

// insertWorkflow stores a new draft. Without an id of its own the workflow gets
// one from its name; wanted says that a taken id is refused, not changed.
func (t *txn) insertWorkflow(def *flow.Definition, wanted bool) (*Workflow, error) {
	if err := t.lockAssignments(); err != nil { // two at once could both be the last one allowed
		return nil, err
	}
	var n int64
	if err := t.db.Model(&Workflow{}).Where("workspace_id = ? AND deleted_at = 0", t.wsID).Count(&n).Error; err != nil {
		return nil, err
	}
	if n >= int64(t.MaxWorkflows) {
		return nil, invalidWorkflow(flow.Problems{{Severity: flow.SeverityError, Code: "workflow.limit",
			Message: fmt.Sprintf("The workspace has %d workflows, more are not allowed. Delete one that is not needed.", n)}})
	}
	if def.ID == "" {
		def.ID = slugOf(def.Name)
	}
	free, err := t.freeSlug(def.ID)
	if err != nil {
		return nil, err
	}
	if wanted && free != def.ID {
		return nil, invalidWorkflow(flow.Problems{def.Locate(flow.Problem{Severity: flow.SeverityError, Code: "workflow.id.taken", Path: "id",
			Message: fmt.Sprintf("The id %q is used by another workflow. Choose another one.", def.ID)})})
	}
	def.ID = free
	wf := &Workflow{WorkspaceID: t.wsID, Slug: free, State: Draft, Revision: 1, CreatedAt: t.at, CreatedBy: t.actor, UpdatedAt: t.at}
	if err := wf.take(def); err != nil {
		return nil, err
	}
	t.giveHook(wf)
	res := t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(wf)
	if res.Error == nil && res.RowsAffected == 0 {
		return nil, errAgain
	}
	return wf, res.Error
}

// saveDraft replaces the draft of a workflow and counts its revision.
func (t *txn) saveDraft(wf *Workflow, def *flow.Definition) error {
	def.ID = wf.Slug
	if err := wf.take(def); err != nil {
		return err
	}
	wf.Revision, wf.UpdatedAt = wf.Revision+1, t.at
	t.giveHook(wf)
	return t.db.Model(wf).Select("name", "description", "revision", "trigger_type", "draft", "draft_hash", "updated_at", "hook_hash", "hook_token").Updates(wf).Error
}

// take makes a definition the workflow's draft.
func (w *Workflow) take(def *flow.Definition) error {
	text, err := json.Marshal(def)
	if err != nil {
		return err
	}
	hash, err := hashOf(def)
	if err != nil {
		return err
	}
	w.Name, w.Description, w.TriggerType = def.Name, def.Description, def.Trigger.Type
	w.Draft, w.DraftHash = string(text), hash
	return nil
}

// hashOf is the checksum of what a definition does. Its name and the names of
// resolved references do not count: a rename makes no new version.
func hashOf(def *flow.Definition) (string, error) {
	text, err := json.Marshal(def)
	if err != nil {
		return "", err
	}
	whole, err := decode(string(text))
	if err != nil {
		return "", err
	}
	whole.EachRef(func(_ flow.RefKind, r *flow.Ref) {
		if r.ID != 0 {
			r.Name = ""
		}
	})
	text, err = json.Marshal(struct {
		Trigger  flow.Trigger  `json:"trigger"`
		Settings flow.Settings `json:"settings"`
		Steps    []flow.Step   `json:"steps"`
	}{whole.Trigger, whole.Settings, whole.Steps})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), err
}
