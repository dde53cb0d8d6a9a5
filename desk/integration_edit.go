package desk

import (
	"context"
	"encoding/json"
	"slices"

	"gorm.io/gorm/clause"

	"ucal/channel"
	"ucal/flow"
	"ucal/store"
)

// hidden stands for a secret in what is shown; written back it keeps the secret.
const hidden = "***"

// Probe is what a harmless call to a service found.
type Probe struct {
	OK      bool
	Refused bool   // the service does not accept the credentials; else it was not reached, or the fault is elsewhere
	Message string // for people, with the mend; holds no secret
}

// IntegrationView is an integration as the API shows it.
type IntegrationView struct {
	Kind         flow.Service
	Status       IntegrationStatus
	StatusReason string
	Config       json.RawMessage // secrets as ***; nil while it is off
	Account      string          // whom to share a sheet with; "" = the service has no such thing
	UpdatedAt    int64           // 0 while it is off
}

// Integrations lists every kind of integration, those that are off too.
func (d *Desk) Integrations(ctx context.Context, p Principal) ([]IntegrationView, error) {
	var out []IntegrationView
	err := d.read(ctx, p, func(t *txn) error {
		for _, s := range services() {
			row, err := t.integrationRow(s.kind, false)
			if err != nil {
				return err
			}
			out = append(out, t.integrationView(s, row))
		}
		return nil
	})
	return out, err
}

func (t *txn) integrationRow(kind flow.Service, lock bool) (*Integration, error) {
	q := t.db
	if lock {
		q = store.ForUpdate(q)
	}
	return first[Integration](q.Where("workspace_id = ? AND kind = ?", t.wsID, kind))
}

func (t *txn) integrationView(s service, row *Integration) IntegrationView {
	v := IntegrationView{Kind: s.kind, Status: IntegrationOff}
	if row == nil {
		return v
	}
	v.Status, v.StatusReason, v.UpdatedAt = row.Status, row.StatusReason, row.UpdatedAt
	cfg := s.fields()
	if err := t.openIntegration(row, cfg); err != nil {
		v.Status, v.StatusReason = IntegrationError, lostKey
		return v
	}
	v.Account = s.account(cfg)
	shown := asMap(cfg)
	for _, key := range s.secrets {
		if _, ok := shown[key]; ok {
			shown[key], _ = json.Marshal(hidden) // a text: cannot fail
		}
	}
	v.Config, _ = json.Marshal(shown) // JSON already: cannot fail
	return v
}

// lostKey is what is said where a sealed configuration does not open.
const lostKey = "the stored credentials cannot be read with the present UCAL_ENCRYPTION_KEY; connect the service anew"

// asMap is a configuration by its keys; empty ones are left out.
func asMap(cfg any) map[string]json.RawMessage {
	raw, _ := json.Marshal(cfg) // texts and numbers: cannot fail
	var m map[string]json.RawMessage
	_ = json.Unmarshal(raw, &m)
	return m
}

// PutIntegration connects a service, or changes how. The configuration replaces
// the old one; *** keeps a stored secret, but only for the address that it was
// stored for: a secret is never sent elsewhere without being given again.
func (d *Desk) PutIntegration(ctx context.Context, p Principal, kind flow.Service, raw json.RawMessage) (*IntegrationView, error) {
	s, err := serviceOf(kind)
	if err != nil {
		return nil, err
	}
	var v IntegrationView
	err = d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		row, err := t.integrationRow(kind, true)
		if err != nil {
			return err
		}
		var f faults
		cfg := f.fill(s, raw)
		if cfg != nil {
			cfg = t.keepSecrets(&f, s, cfg, row)
		}
		if cfg != nil {
			f.checkRest(t.Desk, s, cfg)
		}
		if err := f.err(); err != nil {
			return err
		}
		text, err := json.Marshal(cfg)
		if err != nil {
			return err
		}
		row = &Integration{WorkspaceID: t.wsID, Kind: kind, Config: t.Secrets.Seal(string(text)), Status: IntegrationConnected, UpdatedAt: t.at}
		v = t.integrationView(s, row)
		if err := t.clearLack(s.lack); err != nil {
			return err
		}
		return t.db.Clauses(clause.OnConflict{UpdateAll: true}).Create(row).Error
	})
	return &v, err
}

// checkRest adds what is wrong beside what is known to be wrong already: nothing
// is said twice about a setting.
func (f *faults) checkRest(d *Desk, s service, cfg any) {
	var more faults
	s.check(d, &more, cfg)
	for _, m := range more {
		if !slices.ContainsFunc(*f, func(x channel.Detail) bool { return x.Path == m.Path }) {
			*f = append(*f, m)
		}
	}
}

// keepSecrets puts the stored secrets where *** is written.
func (t *txn) keepSecrets(f *faults, s service, cfg any, row *Integration) any {
	given, before := asMap(cfg), map[string]json.RawMessage{}
	if row != nil {
		old := s.fields()
		if err := t.openIntegration(row, old); err == nil { // else there is nothing to keep
			before = asMap(old)
		}
	}
	moved := ""
	for _, key := range s.places {
		if string(given[key]) != string(before[key]) {
			moved = key
		}
	}
	for _, key := range s.secrets {
		if string(given[key]) != `"`+hidden+`"` {
			continue
		}
		switch {
		case before[key] == nil:
			f.bad("config."+key, "is %s, which keeps a stored value, but none is stored; give the value", hidden)
		case moved != "":
			f.bad("config."+key, "is %s, but %s is another one now; give the value again, so that it is not sent to a new address unasked", hidden, moved)
		default:
			given[key] = before[key]
		}
	}
	raw, _ := json.Marshal(given) // JSON already: cannot fail
	kept := s.fields()
	_ = json.Unmarshal(raw, kept) // it was one of these
	return kept
}

// DeleteIntegration disconnects a service and forgets its credentials. Steps
// that need it fail from then on.
func (d *Desk) DeleteIntegration(ctx context.Context, p Principal, kind flow.Service) error {
	if _, err := serviceOf(kind); err != nil {
		return err
	}
	return d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		res := t.db.Where("workspace_id = ? AND kind = ?", t.wsID, kind).Delete(&Integration{})
		if res.Error == nil && res.RowsAffected == 0 {
			return notConnected(kind)
		}
		return res.Error
	})
}

func notConnected(kind flow.Service) error {
	return refuse(NotFound, "not_found", "the integration %s is not connected; PUT its config first", kind)
}

// TestIntegration makes one harmless call with the stored credentials and notes
// in the status whether they are accepted.
func (d *Desk) TestIntegration(ctx context.Context, p Principal, kind flow.Service) (Probe, error) {
	var found Probe
	s, err := serviceOf(kind)
	if err != nil {
		return found, err
	}
	var row *Integration
	err = d.read(ctx, p, func(t *txn) (err error) {
		if row, err = t.integrationRow(kind, false); err == nil && row == nil {
			err = notConnected(kind)
		}
		return err
	})
	if err != nil {
		return found, err
	}
	plain, err := d.Secrets.Open(row.Config)
	switch probe := d.Probes[kind]; {
	case err != nil:
		return Probe{Message: lostKey}, nil
	case probe == nil:
		return found, refuse(Unavailable, "unavailable", "this process cannot test %s", s.kind)
	default:
		found = probe(ctx, json.RawMessage(plain)) // outside any transaction: it may take seconds
	}
	return found, d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error { return t.judge(row, found.OK, found.Refused, found.Message) })
}

// judge notes whether a service accepts the credentials, unless others were
// stored meanwhile. A service that was not reached has not judged.
func (t *txn) judge(row *Integration, ok, refused bool, reason string) error {
	var status IntegrationStatus
	switch {
	case ok:
		status, reason = IntegrationConnected, ""
	case refused:
		status = IntegrationError
	default:
		return nil
	}
	if status == row.Status && reason == row.StatusReason {
		return nil
	}
	return t.db.Model(&Integration{}).Where("workspace_id = ? AND kind = ? AND config = ?", t.wsID, row.Kind, row.Config).
		UpdateColumns(map[string]any{"status": status, "status_reason": reason}).Error
}
