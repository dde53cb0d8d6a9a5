package desk

import (
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"ucal/flow"
)

// WorkflowWarning is what goes wrong with a workflow while it runs: a start that
// was throttled, a sheet that is not shared any more. One a workflow, code and
// step; repetitions count.
type WorkflowWarning struct {
	WorkflowID int64  `gorm:"primaryKey;autoIncrement:false"`
	Code       string `gorm:"primaryKey"`
	StepID     string `gorm:"primaryKey"` // "" = the workflow as a whole
	Message    string // a sentence for people, with the mend; holds no secret
	Count      int64
	FirstAt    int64
	LastAt     int64
}

// warningAge is how long a warning that nothing repeats or clears is shown.
const warningAge = 7 * 24 * time.Hour

// warnWorkflow notes that something is wrong with a workflow. It is shown among
// the workflow's problems until a success of the step clears it, its step is
// published away, or nothing has repeated it for a week.
func (t *txn) warnWorkflow(wf int64, stepID, code, message string) error {
	row := WorkflowWarning{WorkflowID: wf, Code: code, StepID: stepID, Message: message, Count: 1, FirstAt: t.at, LastAt: t.at}
	stale := t.at - warningAge.Milliseconds()
	fresh := func(column string, anew, goesOn any) clause.Assignment { // one that was forgotten begins anew
		return clause.Assignment{Column: clause.Column{Name: column},
			Value: gorm.Expr("CASE WHEN workflow_warnings.last_at < ? THEN ? ELSE ? END", stale, anew, goesOn)}
	}
	update := append(clause.AssignmentColumns([]string{"message", "last_at"}),
		fresh("count", 1, gorm.Expr("workflow_warnings.count + 1")), fresh("first_at", t.at, gorm.Expr("workflow_warnings.first_at")))
	return t.db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "workflow_id"}, {Name: "code"}, {Name: "step_id"}}, DoUpdates: update}).Create(&row).Error
}

// clearWarnings takes back what was said of a step: it works again.
func (t *txn) clearWarnings(wf int64, stepID string) error {
	return t.db.Where("workflow_id = ? AND step_id = ?", wf, stepID).Delete(&WorkflowWarning{}).Error
}

// clearLack takes back what all workflows say of a service that was missing.
func (t *txn) clearLack(code string) error {
	mine := t.db.Model(&Workflow{}).Select("id").Where("workspace_id = ?", t.wsID)
	return t.db.Where("code = ? AND workflow_id IN (?)", code, mine).Delete(&WorkflowWarning{}).Error
}

// clearPublished takes back the warnings of steps that the version just
// published does not have any more.
func (t *txn) clearPublished(wf int64, def *flow.Definition) error {
	ids := []string{""}
	for _, s := range def.Steps {
		ids = append(ids, s.ID)
	}
	return t.db.Where("workflow_id = ? AND step_id NOT IN ?", wf, ids).Delete(&WorkflowWarning{}).Error
}

// warningsOf are the present warnings of workflows, by workflow.
func (t *txn) warningsOf(wfs []Workflow) (map[int64][]WorkflowWarning, error) {
	ids := make([]int64, len(wfs))
	for i, w := range wfs {
		ids[i] = w.ID
	}
	var rows []WorkflowWarning
	err := t.db.Where("workflow_id IN ? AND last_at >= ?", ids, t.at-warningAge.Milliseconds()).Order("first_at, code, step_id").Find(&rows).Error
	by := map[int64][]WorkflowWarning{}
	for _, r := range rows {
		by[r.WorkflowID] = append(by[r.WorkflowID], r)
	}
	return by, err
}

// problem shows a warning beside the problems of a draft. The step may be gone
// from the draft: then the warning has no path.
func (w WorkflowWarning) problem(draft *flow.Definition) flow.Problem {
	p := flow.Problem{Severity: flow.SeverityWarning, Code: w.Code, StepID: w.StepID, Message: w.Message, Path: stepPath(draft, w.StepID)}
	p.Message = strings.TrimSuffix(p.Message, ".")
	last := timeOf(w.LastAt).Format(time.RFC3339)
	if w.Count == 1 {
		p.Message += fmt.Sprintf(". Happened at %s.", last)
	} else {
		p.Message += fmt.Sprintf(". Happened %d times since %s, the last time at %s.", w.Count, timeOf(w.FirstAt).Format(time.RFC3339), last)
	}
	return p
}
