package desk

import "slices"

// Source says who or what caused something (platform specification 1.2).
type Source string

// The sources that exist so far.
const (
	SourceUser      Source = "user"
	SourceContact   Source = "contact"
	SourceWorkflow  Source = "workflow"
	SourceAPI       Source = "api"
	SourceZapier    Source = "zapier"
	SourceMake      Source = "make"
	SourceN8N       Source = "n8n"
	SourceBot       Source = "bot"
	SourceAIAgent   Source = "ai_agent"
	SourceBroadcast Source = "broadcast"
	SourceEcho      Source = "echo"
	SourceAds       Source = "ctc_ads"
	SourceAutoClose Source = "auto_close"
	SourceSystem    Source = "system"
)

// Actor is who did it.
type Actor struct {
	Kind Source `json:"kind"`
	ID   int64  `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// system is ucal itself: timers and sweeps.
func system() Actor { return Actor{Kind: SourceSystem} }

// Role of a token or user.
type Role string

// The roles.
const (
	Owner   Role = "owner"
	Manager Role = "manager"
	Agent   Role = "agent"
)

// Principal is the caller of the API: a token, perhaps acting for a user.
type Principal struct {
	WorkspaceID int64
	TokenID     int64
	Role        Role
	Source      Source
	UserID      int64 // 0 = a plain workspace token
	UserName    string
	TeamID      int64    // of the user; 0 = none
	Limits      []string // restrictions of the user
	RateLimit   int      // requests a second and endpoint: -1 = the deployment's, 0 = no limit
}

// Restricted reports whether the caller is under a restriction.
func (p Principal) Restricted(r string) bool { return slices.Contains(p.Limits, r) }

// Actor is the principal as the author of a change.
func (p Principal) Actor() Actor {
	if p.UserID != 0 {
		return Actor{Kind: SourceUser, ID: p.UserID, Name: p.UserName}
	}
	return Actor{Kind: p.Source}
}

// openedBy is the source of a conversation opened by this actor: n8n counts as api.
func (a Actor) openedBy() Source {
	if a.Kind == SourceN8N {
		return SourceAPI
	}
	return a.Kind
}

// cause is what an event was caused by: the workflows and events before it.
type cause struct {
	chain  []int64  // workflow ids
	events []string // event ids
	run    *Run     // the run that acts, nil outside runs
}

func (c cause) holds(workflowID int64) bool {
	for _, id := range c.chain {
		if id == workflowID {
			return true
		}
	}
	return false
}
