package flow

import "time"

// fakeEnv is an Env with fixed answers.
type fakeEnv struct {
	names    map[string]string
	tags     []string
	incoming time.Time
	outgoing time.Time
	zone     string
	now      time.Time
	strict   bool
	gone     map[string]bool // deleted tags and channels
	renamed  map[int64]string
}

func (e *fakeEnv) Lookup(name string) (string, bool) {
	v, ok := e.names[name]
	return v, ok
}

func (e *fakeEnv) Tags() []string { return e.tags }

func (e *fakeEnv) LastMessageAt(incoming bool) (time.Time, bool) {
	at := e.outgoing
	if incoming {
		at = e.incoming
	}
	return at, !at.IsZero()
}

func (e *fakeEnv) Zone() *time.Location {
	zone, err := time.LoadLocation(e.zone)
	if err != nil {
		panic(err)
	}
	return zone
}

func (e *fakeEnv) Now() time.Time { return e.now }
func (e *fakeEnv) Strict() bool   { return e.strict }

func (e *fakeEnv) Exists(_ RefKind, name string) bool { return !e.gone[name] }

func (e *fakeEnv) Named(_ RefKind, id int64) (string, bool) {
	name, ok := e.renamed[id]
	return name, ok
}

// ana is a contact with some fields filled and others empty.
func ana() *fakeEnv {
	return &fakeEnv{
		now: time.Date(2026, 3, 10, 23, 30, 0, 0, time.UTC),
		names: map[string]string{
			"contact.id": "1", "contact.firstname": "Ana", "contact.lastname": "", "contact.name": "Ana",
			"contact.email": "ana@example.com", "contact.country": "", "contact.status": "open", "contact.city": "Kuala Lumpur",
			"contact.score": "12.50", "contact.birthday": "2000-02-29", "contact.nick": "",
			"assignee.name": "", "assignee.email": "", NameAssigneeStatus: "", NameLastChannel: "Main", NameLastChannelSource: "telegram",
			NameLastOutgoingSource: "workflow", NameLastIncoming: "What is the PRICE?", NameLastOutgoing: "Hello",
			"secret.crm_token": "s3cret", "run.id": "71",
		},
		tags: []string{"VIP", "newsletter"},
	}
}
