package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"ucal/flow"
)

// ValidateWorkflow reports everything wrong with a workflow file (YAML or JSON),
// or with an object {settings?, definition} as the API takes it. Nothing is stored.
func (d *Desk) ValidateWorkflow(ctx context.Context, p Principal, body []byte) (flow.Problems, error) {
	var problems flow.Problems
	err := d.read(ctx, p, func(t *txn) error {
		def, unread := readAny(body)
		if problems = unread; def == nil {
			return nil
		}
		found, err := t.check(def, flow.Save)
		if err != nil {
			return err
		}
		problems = append(problems, found...)
		published, err := t.publishedDefinitions()
		if err != nil {
			return err
		}
		loop, err := t.findLoop(def, published)
		if err != nil {
			return err
		}
		if loop != nil {
			problems = append(problems, def.Locate(flow.LoopProblem(loop, flow.Save)))
		}
		return nil
	})
	return problems, err
}

// readAny reads a file or an API body; the definition is nil when nothing can be
// made of it. The problems are those that a check does not repeat.
func readAny(body []byte) (*flow.Definition, flow.Problems) {
	var in struct{ Settings, Definition json.RawMessage }
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) || json.Unmarshal(body, &in) != nil || in.Definition == nil {
		def, problems := flow.Read(body)
		if def != nil {
			problems = nil
		}
		return def, problems
	}
	def := &flow.Definition{Format: flow.Format, Name: "workflow"} // the body has no name: nothing is wrong with that
	var unread flow.Problems
	if in.Settings != nil {
		unread = unreadable(flow.ReadSettings(in.Settings, def))
	}
	unread = append(unread, unreadable(flow.ReadBody(in.Definition, def))...)
	return def, unread
}

// ExportWorkflow writes a workflow as a file; version 0 is the draft.
func (d *Desk) ExportWorkflow(ctx context.Context, p Principal, ref string, version int64, f flow.FileFormat) (name string, file []byte, err error) {
	err = d.read(ctx, p, func(t *txn) error {
		var def *flow.Definition
		if version != 0 {
			_, def, err = t.version(ref, version)
		} else {
			def, err = t.presentDraft(ref)
		}
		if err != nil {
			return err
		}
		name = def.ID
		file, err = flow.Encode(def, f)
		return err
	})
	return name, file, err
}

func (t *txn) presentDraft(ref string) (*flow.Definition, error) {
	wf, err := t.workflowByRef(ref, false)
	if err != nil {
		return nil, err
	}
	def, err := decode(wf.Draft)
	if err != nil {
		return nil, err
	}
	return def, t.refresh(def)
}

// ImportInput says what becomes of an imported file.
type ImportInput struct {
	Name    string // instead of the file's
	Replace bool   // the workflow with the file's id gets the file as its draft
}

// ImportWorkflow makes a draft of a file. It may still have problems, such as
// references to what this workspace does not have; a file that cannot be
// understood is refused.
func (d *Desk) ImportWorkflow(ctx context.Context, p Principal, file []byte, in ImportInput) (*WorkflowView, error) {
	defer d.recent.workflows.clear()
	var v *WorkflowView
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		def, problems := flow.Read(file)
		if def == nil {
			return invalidWorkflow(problems)
		}
		if in.Name != "" {
			def.Name = strings.TrimSpace(in.Name)
		}
		wf, err := t.importDefinition(def, len(problems) > 0, in.Replace)
		if err != nil {
			return err
		}
		if v, err = t.fullView(wf); err != nil {
			return err
		}
		for i, problem := range v.Problems {
			if problem.Path != "" { // a warning of the workflow as a whole has no place
				v.Problems[i] = def.Locate(problem)
			}
		}
		return nil
	})
	return v, err
}

// importDefinition stores what was read. A file of which not everything could be
// read is refused with all its problems.
func (t *txn) importDefinition(def *flow.Definition, unread, replace bool) (*Workflow, error) {
	problems, err := t.check(def, flow.Save)
	if err != nil {
		return nil, err
	}
	if unread {
		return nil, invalidWorkflow(problems)
	}
	if own := identityProblems(problems); len(own) > 0 {
		return nil, invalidWorkflow(own)
	}
	wf, err := first[Workflow](t.db.Where("workspace_id = ? AND slug = ? AND deleted_at = 0", t.wsID, def.ID))
	switch {
	case err != nil:
		return nil, err
	case wf == nil:
		return t.insertWorkflow(def, true)
	case !replace:
		return nil, refuse(Conflict, "already_exists", "a workflow with the id %q exists already; import with replace=true to make the file its draft", def.ID)
	}
	if wf, err = t.workflowByRef(wf.Slug, true); err != nil {
		return nil, err
	}
	return wf, t.saveDraft(wf, def)
}
