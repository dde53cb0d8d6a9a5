package activities

import (
	"context"
	"log/slog"

	"go.temporal.io/sdk/temporal"

	"ucal/channel"
	"ucal/connect/sheets"
	"ucal/connect/web"
	"ucal/desk"
	"ucal/flow"
)

// Activities are the activities of a worker; the method names are the activity
// names that package workflows uses.
type Activities struct {
	Desk     *desk.Desk
	Channels channel.Catalogue
	Log      *slog.Logger
	Services
}

// Services are the clients of outside systems that are no channels. One that is
// nil cannot be called.
type Services struct {
	Sheets *sheets.Client
	Models Models
	Web    *web.Client // HTTP Request
}

// LoadRun returns the definition and the state with which a run begins.
func (a *Activities) LoadRun(ctx context.Context, runID int64) (desk.LoadedRun, error) {
	l, err := a.Desk.LoadRun(ctx, runID)
	return l, final(err)
}

// EndRun records how a run came out and returns the ending that stands.
func (a *Activities) EndRun(ctx context.Context, call flow.Call, end flow.Ending) (flow.Ending, error) {
	e, err := a.Desk.EndRun(ctx, call, end)
	return e, final(err)
}

// EndWait says who won a wait; an empty outcome means nobody yet.
func (a *Activities) EndWait(ctx context.Context, call flow.Call, w flow.Wait, fired bool) (flow.Result, error) {
	r, err := a.Desk.EndWait(ctx, call, w, fired)
	return r, final(err)
}

// SaveAnswer writes an answer to a contact field and as a tag.
func (a *Activities) SaveAnswer(ctx context.Context, call flow.Call, e flow.SaveAnswer) (flow.Result, error) {
	r, err := a.Desk.SaveAnswer(ctx, call, e)
	return r, final(err)
}

// AssignTo assigns the contact or enters it in a pool's queue.
func (a *Activities) AssignTo(ctx context.Context, call flow.Call, e flow.Assign) (flow.Result, error) {
	r, err := a.Desk.Assign(ctx, call, e)
	return r, final(err)
}

// Branch decides which way to go from the contact as it is now.
func (a *Activities) Branch(ctx context.Context, call flow.Call, e flow.Evaluate) (flow.Result, error) {
	r, err := a.Desk.Evaluate(ctx, call, e)
	return r, final(err)
}

// UpdateContactTag adds or removes tags.
func (a *Activities) UpdateContactTag(ctx context.Context, call flow.Call, e flow.UpdateTag) (flow.Result, error) {
	r, err := a.Desk.UpdateTag(ctx, call, e)
	return r, final(err)
}

// UpdateContactField sets or clears a contact field.
func (a *Activities) UpdateContactField(ctx context.Context, call flow.Call, e flow.UpdateField) (flow.Result, error) {
	r, err := a.Desk.UpdateField(ctx, call, e)
	return r, final(err)
}

// OpenConversation opens the contact's conversation.
func (a *Activities) OpenConversation(ctx context.Context, call flow.Call, e flow.Open) (flow.Result, error) {
	r, err := a.Desk.Open(ctx, call, e)
	return r, final(err)
}

// CloseConversation closes the contact's conversation.
func (a *Activities) CloseConversation(ctx context.Context, call flow.Call, e flow.Close) (flow.Result, error) {
	r, err := a.Desk.Close(ctx, call, e)
	return r, final(err)
}

// AddComment writes an internal note.
func (a *Activities) AddComment(ctx context.Context, call flow.Call, e flow.Comment) (flow.Result, error) {
	r, err := a.Desk.Comment(ctx, call, e)
	return r, final(err)
}

// TriggerAnotherWorkflow starts another workflow for the run's contact.
func (a *Activities) TriggerAnotherWorkflow(ctx context.Context, call flow.Call, e flow.StartChild) (flow.Result, error) {
	r, err := a.Desk.StartChild(ctx, call, e)
	return r, final(err)
}

// StartWait opens a wait that only time ends.
func (a *Activities) StartWait(ctx context.Context, call flow.Call, e flow.Sleep) (flow.Result, error) {
	r, err := a.Desk.Sleep(ctx, call, e)
	return r, final(err)
}

// final marks refusals of the desk as not worth another attempt; everything
// else (a database that does not answer) is tried again.
func final(err error) error {
	if e := desk.AsError(err); e != nil {
		return temporal.NewNonRetryableApplicationError(err.Error(), string(e.Code), err)
	}
	return err
}
