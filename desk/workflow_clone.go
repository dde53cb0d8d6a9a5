package desk

import (
	"context"
	"strings"
)

// copyOf begins the name of a clone.
const copyOf = "Copy of "

// CloneWorkflow makes an independent draft of a workflow's draft, problems and
// all. Without a name it is "Copy of …", with a number when that is taken.
func (d *Desk) CloneWorkflow(ctx context.Context, p Principal, ref, name string) (*WorkflowView, error) {
	if name = strings.TrimSpace(name); tooLong(name, maxWorkflowName) {
		return nil, invalid("name", "name has more than %d characters; shorten it", maxWorkflowName)
	}
	var v *WorkflowView
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		if err := t.lockAssignments(); err != nil { // two clones get two names
			return err
		}
		wf, err := t.workflowByRef(ref, false)
		if err != nil {
			return err
		}
		def, err := decode(wf.Draft)
		if err != nil {
			return err
		}
		if def.Name, def.ID = name, ""; name == "" {
			if def.Name, err = t.freeName(cutRunes(copyOf+wf.Name, maxWorkflowName)); err != nil {
				return err
			}
			def.ID = cutSlug("copy-of-"+wf.Slug, maxSlug)
		}
		clone, err := t.insertWorkflow(def, false)
		if err != nil {
			return err
		}
		v, err = t.fullView(clone)
		return err
	})
	return v, err
}

func cutRunes(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return strings.TrimSpace(string(r[:n]))
	}
	return s
}
