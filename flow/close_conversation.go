package flow

// CloseConversation closes the contact's conversation (type
// close_conversation), with an optional closing note. The assignee is kept and
// the run goes on; a closed one stays closed.
type CloseConversation struct {
	Category Ref    `json:"category,omitzero" flow:"category" ref:"closing_category"`
	Summary  string `json:"summary,omitempty" flow:"summary,vars"`
}

func (c *CloseConversation) run(x *Execution) (way, error) {
	r, _, err := x.do(Close{Category: c.Category, Summary: c.Summary})
	return soft(x, r), err
}

// maxSummary is how many characters a closing summary holds; longer results are cut.
const maxSummary = 512

func (c *CloseConversation) check(ch *checker) {
	if length(c.Summary) > maxSummary {
		ch.add("step.config.invalid", "summary", "The summary has %d characters. Use at most %d.", length(c.Summary), maxSummary)
	}
}
