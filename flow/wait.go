package flow

// WaitStep pauses the run (type wait). Only time ends it: messages of the
// contact do not shorten it.
type WaitStep struct {
	WaitFor Duration `json:"wait_for" flow:"wait_for,required"` // 1 s – 7 d
}

func (w *WaitStep) run(x *Execution) (way, error) {
	r, no, err := x.do(Sleep{For: limit(w.WaitFor)})
	if err != nil || x.ended != nil {
		return way{}, err
	}
	_, err = x.await(no, WaitTimer, r.DueAt)
	return by(ArmNext), err
}

func (*WaitStep) check(*checker) {}
