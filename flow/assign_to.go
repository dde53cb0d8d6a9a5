package flow

// AssignTo gives the contact to a user, or to nobody (type assign_to).
//
// Team and workspace choose by round robin or fewest open contacts. When
// nobody is eligible the contact waits in the pool's queue until somebody is,
// or until the timeout: then the arm timeout, or the run ends.
type AssignTo struct {
	Action            AssignAction `json:"action" flow:"action,required" enum:"specific_user,user_in_team,user_in_workspace,unassign"`
	User              Ref          `json:"user,omitzero" flow:"user" ref:"user"`
	Team              Ref          `json:"team,omitzero" flow:"team" ref:"team"`
	Logic             AssignLogic  `json:"logic,omitempty" flow:"logic" enum:"round_robin,least_open_contacts"`
	OnlyOnline        bool         `json:"only_online,omitempty" flow:"only_online"`
	OpenContactsBelow int          `json:"open_contacts_below,omitempty" flow:"open_contacts_below" code:"assign.limit.invalid"` // ≥ 1; 0 = no limit
	KeepAssignee      bool         `json:"keep_assignee,omitempty" flow:"keep_assignee"`
	Timeout           Duration     `json:"timeout,omitempty" flow:"timeout" default:"7d"` // 0 = 7 d
}

// AssignAction says who may be assigned.
type AssignAction string

// The actions of Assign To.
const (
	AssignUser      AssignAction = "specific_user"
	AssignTeam      AssignAction = "user_in_team"
	AssignWorkspace AssignAction = "user_in_workspace"
	Unassign        AssignAction = "unassign"
)

// AssignLogic says how a user is chosen from a pool.
type AssignLogic string

// The two ways to choose.
const (
	RoundRobin AssignLogic = "round_robin"
	LeastOpen  AssignLogic = "least_open_contacts"
)

func (a *AssignTo) run(x *Execution) (way, error) {
	r, no, err := x.do(Assign{AssignTo: *a, WorkflowStep: x.cur.ID})
	if err == nil && x.ended == nil && r.Outcome == Waiting {
		r, err = x.await(no, WaitAssignment, r.DueAt)
	}
	if err != nil || x.ended != nil {
		return way{}, err
	}
	switch {
	case r.Outcome == TimedOut && x.cur.On(ArmTimeout):
		return by(ArmTimeout), nil
	case r.Outcome == TimedOut:
		return exit(EndTimeout), nil
	case r.Outcome == Failed && x.cur.On(ArmFailure):
		return by(ArmFailure, r.Code), nil
	}
	return by(ArmNext, r.Code), nil
}

func (a *AssignTo) check(c *checker) {
	user, team := a.Action == AssignUser, a.Action == AssignTeam
	pool := team || a.Action == AssignWorkspace
	if user && a.User.Empty() {
		c.missing("user")
	}
	if team && a.Team.Empty() {
		c.missing("team")
	}
	if pool && a.Logic == "" {
		c.missing("logic")
	}
	if c.given("open_contacts_below") && a.OpenContactsBelow < 1 || a.OpenContactsBelow < 0 {
		c.add("assign.limit.invalid", "open_contacts_below", "Write a whole number of at least 1, or remove it for no limit.")
	}
	if a.Action == "" {
		return
	}
	c.notAllowed(!user && !a.User.Empty(), "user", "the action is "+string(a.Action))
	c.notAllowed(!team && !a.Team.Empty(), "team", "the action is "+string(a.Action))
	if pool {
		return
	}
	nobody := "the action " + string(a.Action) + " chooses from no team"
	c.notAllowed(a.Logic != "", "logic", nobody)
	c.notAllowed(a.OnlyOnline, "only_online", nobody)
	c.notAllowed(a.OpenContactsBelow > 0, "open_contacts_below", nobody)
	c.notAllowed(a.KeepAssignee, "keep_assignee", nobody)
	c.notAllowed(a.Timeout != 0, "timeout", nobody)
}
