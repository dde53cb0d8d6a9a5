package flow

// Severity of a problem: an error blocks, a warning does not.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Problem is one thing wrong with a definition. Codes are stable (workflow
// specification 10.2); messages say how to mend it. Line and Column are set
// when the definition was read from a file.
type Problem struct {
	Severity Severity `json:"severity"`
	Code     string   `json:"code"`
	Message  string   `json:"message"`
	Path     string   `json:"path"`
	StepID   string   `json:"stepId,omitempty"`
	Line     int      `json:"line,omitempty"`
	Column   int      `json:"column,omitempty"`
}

// Locate returns the problem with the place in the file where its path, or what
// is around it, is written; as it is when the definition was not read from one.
func (d *Definition) Locate(p Problem) Problem {
	at := d.src.where(p.Path)
	p.Line, p.Column = at.line, at.column
	return p
}

// Problems are ordered by step.
type Problems []Problem

// Blocking reports whether one of them is an error.
func (p Problems) Blocking() bool {
	for _, x := range p {
		if x.Severity == SeverityError {
			return true
		}
	}
	return false
}
