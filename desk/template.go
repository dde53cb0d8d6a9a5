package desk

import (
	"context"
	"strings"

	"ucal/flow"
)

// TemplateUse says how a template becomes a workflow.
type TemplateUse struct {
	Name       string         // default: the template's name, with a number when it is taken
	Parameters map[string]any // values as JSON has them; references by name or id
	Publish    bool           // at once; then nothing may be missing
}

// UseTemplate makes a workflow of a template. A required parameter that is left
// open gives a draft with problems; with Publish it is refused and nothing is stored.
func (d *Desk) UseTemplate(ctx context.Context, p Principal, tmpl *flow.Template, in TemplateUse) (*WorkflowView, error) {
	var v *WorkflowView
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		if err := t.lockAssignments(); err != nil { // as PublishWorkflow; and two uses get two names
			return err
		}
		def, problems := tmpl.Use(in.Parameters)
		if len(problems) > 0 {
			return invalidWorkflow(problems)
		}
		if err := t.nameUse(def, in.Name); err != nil {
			return err
		}
		if _, err := t.check(def, flow.Save); err != nil { // resolves the references
			return err
		}
		wf, err := t.insertWorkflow(def, false)
		if err != nil {
			return err
		}
		if in.Publish {
			if err := t.publish(wf); err != nil {
				return err
			}
		}
		v, err = t.fullView(wf)
		return err
	})
	return v, err
}

func (t *txn) nameUse(def *flow.Definition, wanted string) error {
	if wanted = strings.TrimSpace(wanted); wanted != "" {
		def.Name = wanted
		if tooLong(wanted, maxWorkflowName) {
			return invalid("name", "name has more than %d characters; shorten it", maxWorkflowName)
		}
		return nil
	}
	var err error
	def.Name, err = t.freeName(def.Name)
	return err
}
