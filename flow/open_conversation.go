package flow

// OpenConversation opens the contact's conversation with source workflow (type
// open_conversation). An open one stays as it is; a blocked contact is a soft
// failure.
type OpenConversation struct{}

func (*OpenConversation) run(x *Execution) (way, error) {
	r, _, err := x.do(Open{})
	return soft(x, r), err
}

// soft goes on after an effect that may fail softly: the failure arm when it
// is on, else next.
func soft(x *Execution, r Result) way {
	if r.Outcome == Failed && x.cur.On(ArmFailure) {
		return by(ArmFailure, r.Code)
	}
	return by(ArmNext, r.Code)
}

func (*OpenConversation) check(*checker) {}
