package desk

import (
	"context"
	"crypto/subtle"
	"strconv"

	"ucal/channel"
	"ucal/flow"
	"ucal/internal/secret"
)

// Hook is the address of a published workflow with the trigger Incoming Webhook.
type Hook struct {
	WorkflowID int64

	workspace int64
	hash      string
	secret    string // "" = none is asked for
}

// HookByToken finds the workflow behind an address. A wrong address and a
// workflow that is not published are the same not_found.
func (d *Desk) HookByToken(ctx context.Context, token string) (*Hook, error) {
	hash := secret.Hash(token)
	wf, err := first[Workflow](d.db.Read(ctx).Select("id", "workspace_id", "hook_secret").Where(armedHook, hash, flow.IncomingWebhook))
	if err != nil {
		return nil, err
	}
	if wf == nil {
		return nil, noHook()
	}
	h := &Hook{WorkflowID: wf.ID, workspace: wf.WorkspaceID, hash: hash}
	h.secret, err = d.open(wf.HookSecret)
	return h, err
}

// armedHook finds a workflow by its address while its trigger is armed.
const armedHook = "hook_hash = ? AND hook_hash <> '' AND published_trigger = ? AND deleted_at = 0"

func noHook() *Error {
	return refuse(NotFound, "not_found", "there is no published workflow under this address; copy the address from the workflow again, or publish it")
}

// Admits reports whether a caller knows the workflow's secret. It takes as long
// for a wrong one as for the right one.
func (h *Hook) Admits(given string) bool {
	return h.secret == "" || subtle.ConstantTimeCompare([]byte(secret.Hash(given)), []byte(secret.Hash(h.secret))) == 1
}

// HookCall is one call of an address.
type HookCall struct {
	Body []byte // JSON
	Key  string // idempotency key: the same one gets the first answer for 24 hours; "" = none
}

// HookStart is the run that a call has started.
type HookStart struct {
	RunID, ContactID int64
	Replayed         bool // it was started by an earlier call with the same key
}

// StartByHook starts the workflow of an address. It refuses with invalid
// (invalid_json, identifier_missing), unprocessable (contact_not_found),
// not_found, conflict and rate_limited (the reasons of workflow specification
// 2.1). Key, contact, run, decision and answer are stored together: a call that
// is repeated after a crash finds all of it, or nothing.
func (d *Desk) StartByHook(ctx context.Context, h *Hook, call HookCall) (HookStart, error) {
	doc, unread := readHook(call.Body)
	if unread != nil && call.Key == "" {
		return HookStart{}, unread
	}
	var a hookAnswer
	err := d.write(ctx, h.workspace, Actor{Kind: SourceAPI, Name: "incoming webhook"}, func(t *txn) error {
		a = hookAnswer{}
		known, err := t.claimHook(h, call.Key, &a)
		if err != nil || known {
			return err
		}
		if unread != nil {
			a.refuse(unread)
		} else if a, err = t.callHook(h, doc); err != nil {
			return err
		}
		return t.keepHook(h, call.Key, a)
	})
	if err == nil && a.Refused != nil {
		err = a.Refused.error()
	}
	return HookStart{a.RunID, a.ContactID, a.replayed}, err
}

// readHook decodes the body of a call.
func readHook(body []byte) (any, *Error) {
	doc, err := flow.DecodeJSON(body)
	if err != nil {
		return nil, refuse(Invalid, channel.DetailJSON, "the body is not JSON; send one JSON value, such as {\"email\": \"ann@example.com\"}")
	}
	return doc, nil
}

// callHook identifies the contact and starts the run.
func (t *txn) callHook(h *Hook, doc any) (a hookAnswer, err error) {
	wf, def, cfg, err := t.hookWorkflow(h)
	if err != nil || wf == nil {
		a.refuse(noHook())
		return a, err
	}
	value, vars := cfg.Extract(doc)
	if value == "" {
		a.refuse(refuse(Invalid, "identifier_missing", "%s holds no text and no number; the workflow finds the contact by it (%s)", cfg.IdentifierPath, cfg.IdentifierType))
		return a, nil
	}
	c, err := t.hookContact(cfg, value)
	if err != nil {
		return a, err
	}
	if c == nil {
		a.refuse(refuse(Unprocessable, "contact_not_found", "no contact has the %s %q%s", cfg.IdentifierType, clip(value), createHint(cfg)))
		return a, nil
	}
	now, _, _, err := t.hookWorkflow(h) // as it is under the contact's lock
	switch {
	case err != nil:
		return a, err
	case now == nil:
		a.refuse(noHook())
		return a, nil
	case now.VersionID != wf.VersionID:
		return a, errAgain
	}
	run, reason, detail, err := t.startByCall(c, now, def, outsideStart{kind: flow.IncomingWebhook, summary: "incoming webhook called", h: flow.Happening{Vars: vars}})
	if err != nil {
		return a, err
	}
	if a.ContactID = c.ID; run == nil {
		a.refuse(notStarted(now, c, reason, detail))
		return a, nil
	}
	a.RunID = run.ID
	return a, nil
}

func createHint(cfg *flow.WebhookConfig) string {
	if cfg.CreateContact {
		return ", and it cannot be one"
	}
	return "; create the contact first, or set create_contact in the workflow's trigger"
}

// hookWorkflow is the workflow of an address with its newest version; nil when
// the address was renewed or the workflow was stopped meanwhile.
func (t *txn) hookWorkflow(h *Hook) (*Workflow, *flow.Definition, *flow.WebhookConfig, error) {
	wf, err := first[Workflow](t.db.Where("id = ? AND "+armedHook, h.WorkflowID, h.hash, flow.IncomingWebhook))
	if err != nil || wf == nil {
		return nil, nil, nil, err
	}
	def, err := t.definition(wf.VersionID)
	if err != nil {
		return nil, nil, nil, err
	}
	cfg, ok := def.Trigger.Config.(*flow.WebhookConfig)
	if !ok {
		return nil, nil, nil, nil
	}
	return wf, def, cfg, nil
}

// hookContact finds the contact that a call means, locked, or creates it where
// the workflow says so; nil when there is none. Of several with the value it is
// the most recently active one.
func (t *txn) hookContact(cfg *flow.WebhookConfig, value string) (*Contact, error) {
	who, ok := hookIdentifier(cfg.IdentifierType, value)
	if !ok {
		return nil, nil
	}
	all := Principal{WorkspaceID: t.wsID, Role: Owner}
	c, err := t.find(all, who)
	if isNotFound(err) && cfg.CreateContact && who.ID == 0 {
		if err := t.lockAssignments(); err != nil { // two creates of one contact come one after the other
			return nil, err
		}
		if c, err = t.find(all, who); isNotFound(err) {
			return t.createByHook(who)
		}
	}
	if isNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c, err = t.contact(c.ID)
	if isNotFound(err) {
		return nil, errAgain // deleted meanwhile
	}
	return c, err
}

func isNotFound(err error) bool {
	bad := AsError(err)
	return bad != nil && bad.Code == NotFound
}

// hookIdentifier brings an identifier into the form in which contacts have it.
func hookIdentifier(kind, value string) (who Identifier, ok bool) {
	var err error
	switch kind {
	case flow.IdentifyByEmail:
		who.Email, err = flow.FitField(flow.FieldInfo{Key: kind, Type: flow.FieldEmail}, value)
	case flow.IdentifyByPhone:
		who.Phone, err = flow.FitField(flow.FieldInfo{Key: kind, Type: flow.FieldPhone}, value)
	default:
		who.ID, err = strconv.ParseInt(value, 10, 64)
	}
	return who, err == nil && who != Identifier{}
}

// createByHook makes a contact of which nothing but the identifier is known.
func (t *txn) createByHook(who Identifier) (*Contact, error) {
	c := &Contact{WorkspaceID: t.wsID, AddedBy: SourceAPI, CreatedAt: t.at, Email: who.Email, Phone: who.Phone}
	if who.Phone != "" {
		c.CountryCode = channel.PhoneCountry(who.Phone)
	}
	if err := t.db.Create(c).Error; err != nil {
		return nil, err
	}
	t.contacts[c.ID], t.fresh[c.ID] = c, true
	return c, t.emit(c, Event{Type: ContactCreated})
}
