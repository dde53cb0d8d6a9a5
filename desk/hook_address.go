package desk

import (
	"context"
	"regexp"

	"ucal/flow"
	"ucal/internal/secret"
)

// hookTokenLength is the length of an address' token: 22 characters of base62
// are 131 bits.
const hookTokenLength = 22

// hookSecretPattern is what goes through a header unchanged.
var hookSecretPattern = regexp.MustCompile(`^[!-~]{1,200}$`)

// giveHook makes the address of a workflow that is saved with the trigger
// Incoming Webhook for the first time. It stays when the trigger is changed and
// comes back.
func (t *txn) giveHook(wf *Workflow) {
	if wf.TriggerType == flow.IncomingWebhook && wf.HookHash == "" {
		t.newHook(wf)
	}
}

func (t *txn) newHook(wf *Workflow) {
	token := secret.Key(hookTokenLength)
	wf.HookHash, wf.HookToken = secret.Hash(token), t.Secrets.Seal(token)
}

// usesHook reports whether the draft or the published version has the trigger
// Incoming Webhook.
func (w *Workflow) usesHook() bool {
	return w.TriggerType == flow.IncomingWebhook || w.PublishedTrigger == flow.IncomingWebhook
}

// hookOf is the token of a workflow's address; "" when it has none.
func (t *txn) hookOf(wf *Workflow) (string, error) {
	if !wf.usesHook() {
		return "", nil
	}
	return t.open(wf.HookToken)
}

// HookChange is what changes of a workflow's address besides the address itself.
type HookChange struct {
	Secret   *string // the callers' X-Hook-Secret from now on; nil leaves it as it is
	NoSecret bool    // ask for none from now on
}

// RenewHook gives a workflow a new address; the old one is invalid at once. It
// returns the workflow with the token of the address.
func (d *Desk) RenewHook(ctx context.Context, p Principal, ref string, in HookChange) (*WorkflowView, error) {
	var v *WorkflowView
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		wf, err := t.workflowByRef(ref, true)
		if err != nil {
			return err
		}
		if !wf.usesHook() {
			return refuse(Conflict, "invalid_state", "workflow %q has the trigger %s; only the trigger %s has an address", wf.Name, wf.TriggerType, flow.IncomingWebhook)
		}
		if in.Secret != nil && !hookSecretPattern.MatchString(*in.Secret) {
			return invalid("secret", "secret must be 1 to 200 letters, digits and signs of ASCII without spaces; null removes it")
		}
		switch {
		case in.Secret != nil:
			wf.HookSecret = t.Secrets.Seal(*in.Secret)
		case in.NoSecret:
			wf.HookSecret = ""
		}
		t.newHook(wf)
		if err := t.db.Model(wf).Select("hook_hash", "hook_token", "hook_secret").Updates(wf).Error; err != nil {
			return err
		}
		v, err = t.fullView(wf)
		return err
	})
	return v, err
}
