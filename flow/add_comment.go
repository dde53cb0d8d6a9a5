package flow

// AddComment writes an internal note on the contact, never sent to them (type
// add_comment). It never fails.
type AddComment struct {
	Text string `json:"text" flow:"text,required,vars"`
}

func (a *AddComment) run(x *Execution) (way, error) {
	r, _, err := x.do(Comment{Text: a.Text})
	return by(ArmNext, r.Code), err
}

// maxComment is how many characters a comment holds; longer results are cut.
const maxComment = 1_000

func (a *AddComment) check(c *checker) {
	if length(a.Text) > maxComment {
		c.add("step.config.invalid", "text", "The comment has %d characters. Use at most %d.", length(a.Text), maxComment)
	}
}
