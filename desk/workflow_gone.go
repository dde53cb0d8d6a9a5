package desk

import (
	"fmt"
	"slices"

	"ucal/flow"
)

// codeGone is the problem of a reference to something that does not exist.
const codeGone = "reference.unknown"

// goneFromVersion are warnings of what the published version refers to although
// it was deleted. The draft's own problems tell them while the two are the same;
// a draft that was changed since says nothing about what runs.
func (t *txn) goneFromVersion(wf *Workflow, draft *flow.Definition, told flow.Problems) (flow.Problems, error) {
	if wf.State != Published || !wf.Unpublished() {
		return nil, nil
	}
	var v WorkflowVersion
	if err := t.db.Select("version", "definition").Take(&v, wf.VersionID).Error; err != nil {
		return nil, fmt.Errorf("version %d of workflow %q: %w", wf.Version, wf.Slug, err)
	}
	def, err := decode(v.Definition) // not the cached one: a check changes what it checks
	if err != nil {
		return nil, nil // it cannot run: nothing is to be said about its references
	}
	found, err := t.check(def, flow.Save)
	if err != nil {
		return nil, err
	}
	var gone flow.Problems
	for _, p := range found {
		same := func(o flow.Problem) bool { return o.Code == p.Code && o.StepID == p.StepID && o.Message == p.Message }
		if p.Code != codeGone || slices.ContainsFunc(told, same) {
			continue
		}
		p.Severity = flow.SeverityWarning
		p.Message = fmt.Sprintf("Version %d, which is published, refers to something that was deleted. %s Publish the corrected draft.", v.Version, p.Message)
		p.Path = stepPath(draft, p.StepID)
		gone = append(gone, p)
	}
	return gone, nil
}

// stepPath is where a step is in a draft; "" when it is not there any more, or
// when something concerns the workflow as a whole.
func stepPath(draft *flow.Definition, id string) string {
	i := slices.IndexFunc(draft.Steps, func(s flow.Step) bool { return s.ID == id })
	if i < 0 || id == "" {
		return ""
	}
	return fmt.Sprintf("steps[%d]", i)
}
