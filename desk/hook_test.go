package desk

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/flow"
)

func hooked(id, config string) string {
	return "format: 1\nid: " + id + "\nname: " + id + "\ntrigger:\n  type: incoming_webhook\n  config: {" + config + "}\n" +
		"steps: [{id: note, type: add_comment, config: {text: \"$order/$items/$none\"}, next: nap}, {id: nap, type: wait, config: {wait_for: 1m}}]\n"
}

const byEmail = "identifier_type: email, identifier_path: $.email, variables: {order: $.order.id, items: $.order.items, none: $.nothing}"

// hook publishes a workflow and returns the address' token.
func (w *world) hook(file string) string {
	w.Helper()
	wf := w.publish(file)
	v, err := w.d.Workflow(w.Context(), w.p, wf.Slug)
	require.NoError(w, err)
	require.Len(w, v.Hook, hookTokenLength)
	return v.Hook
}

// posts calls an address.
func (w *world) posts(token, body, key string) (HookStart, error) {
	h, err := w.d.HookByToken(w.Context(), token)
	if err != nil {
		return HookStart{}, err
	}
	return w.d.StartByHook(w.Context(), h, HookCall{Body: []byte(body), Key: key})
}

func (w *world) refusedHook(word, token, body string) {
	w.Helper()
	_, err := w.posts(token, body, "")
	require.NotNil(w, AsError(err), "%v", err)
	require.Equal(w, word, AsError(err).Word)
}

func (w *world) withEmail(who, email string) *Contact {
	w.Helper()
	c := w.writes(who, "first-"+who, "hello")
	w.editFields(c, ContactFields{Email: &email})
	return w.contact(who)
}

func TestACallOfAnAddress(t *testing.T) { // 23, 24, 26
	eachWorld(t, func(w *world) {
		token := w.hook(hooked("w", byEmail))
		c := w.withEmail("ann", "ann@x.io")
		start, err := w.posts(token, `{"email":" ANN@x.io ","order":{"id":7.50,"items":[{"sku":"a&b"}]}}`, "")
		require.NoError(w, err)
		w.pump()
		require.Equal(w, HookStart{RunID: w.run(c).ID, ContactID: c.ID}, start)
		require.Equal(w, []string{`7.5/[{"sku":"a&b"}]/`}, w.notes(c))
		run := w.run(c)
		require.Equal(w, []any{flow.IncomingWebhook, SourceAPI, "incoming webhook"}, []any{run.TriggerType, run.TriggerSource, run.TriggerActor.Name})
		trace := w.traceOf(c)
		require.Equal(w, []any{"matched", "incoming_webhook", run.ID}, []any{trace[0].Reason, trace[0].Event.Type, trace[0].RunID})

		w.refusedHook("already_enrolled", token, `{"email":"ann@x.io"}`)
		require.Equal(w, "already_enrolled", w.traceOf(c)[0].Reason)
		w.refusedHook("contact_not_found", token, `{"email":"ben@x.io"}`)
		w.refusedHook("contact_not_found", token, `{"email":"no address"}`)
		for _, body := range []string{`{}`, `[]`, `{"email":null}`, `{"email":""}`, `{"email":{"a":1}}`} {
			w.refusedHook("identifier_missing", token, body)
		}
		for _, body := range []string{``, `{`, `email=a`, `{"email":"ann@x.io"} {}`} {
			w.refusedHook("invalid_json", token, body)
		}
		w.refusedHook("not_found", token+"x", `{"email":"ann@x.io"}`)
		w.refusedHook("not_found", "", `{"email":"ann@x.io"}`)
		_, err = w.d.Block(w.Context(), w.p, ByID(c.ID), "")
		require.NoError(w, err)
		w.refusedHook("contact_blocked", token, `{"email":"ann@x.io"}`)
		_, _, err = w.d.StopWorkflow(w.Context(), w.p, "w")
		require.NoError(w, err)
		w.refusedHook("not_found", token, `{"email":"ann@x.io"}`)
		require.Len(w, w.runs(c), 1)
		require.EqualValues(w, 1, w.count(&Contact{}, "1 = 1"))
	})
}

func TestWhoACallMeans(t *testing.T) {
	eachWorld(t, func(w *world) {
		old, ann := w.withEmail("old", "ann@x.io"), w.withEmail("ann", "ann@x.io")
		phone := "+60 11-223 3455"
		w.editFields(ann, ContactFields{Phone: &phone})
		tokens := map[string]string{}
		for _, kind := range []string{"email", "phone", "contact_id"} {
			tokens[kind] = w.hook(hooked("by-"+strings.ReplaceAll(kind, "_", "-"), "identifier_type: "+kind+", identifier_path: $.who"))
		}
		who := func(kind, value string) int64 {
			w.Helper()
			start, err := w.posts(tokens[kind], `{"who":`+value+`}`, "")
			require.NoError(w, err)
			return start.ContactID
		}
		w.advance(time.Minute)
		w.writes("old", "m2", "hello again")
		require.Equal(w, old.ID, who("email", `"Ann@X.io"`), "the most recently active of two")
		require.Equal(w, ann.ID, who("phone", `"0060 (11) 2233455"`))
		require.Equal(w, ann.ID, who("contact_id", number(ann.ID)))
		require.Equal(w, old.ID, who("contact_id", `"`+number(old.ID)+`"`))
		w.refusedHook("contact_not_found", tokens["phone"], `{"who":"12"}`)
		w.refusedHook("contact_not_found", tokens["contact_id"], `{"who":"ann"}`)
		w.refusedHook("contact_not_found", tokens["contact_id"], `{"who":0}`)
		w.refusedHook("contact_not_found", tokens["contact_id"], `{"who":987654}`)
		w.pump()
		w.advance(time.Minute)
		w.wake()
		require.Equal(w, ann.ID, who("phone", `60112233455`), "a number")

		_, stranger, err := w.d.CreateWorkspace(w.Context(), "Other", "other@example.com")
		require.NoError(w, err)
		p, err := w.d.Authenticate(w.Context(), stranger, "")
		require.NoError(w, err)
		id, err := w.d.CreateContact(w.Context(), p, Identifier{Email: "eve@x.io"}, ContactFields{FirstName: ptr("Eve")})
		require.NoError(w, err)
		w.refusedHook("contact_not_found", tokens["contact_id"], `{"who":`+number(id)+`}`)
		w.refusedHook("contact_not_found", tokens["email"], `{"who":"eve@x.io"}`)
	})
}

func TestACallThatCreatesItsContact(t *testing.T) {
	eachWorld(t, func(w *world) {
		mail := w.hook(hooked("mail", "identifier_type: email, identifier_path: $.who, create_contact: true"))
		phone := w.hook(hooked("phone", "identifier_type: phone, identifier_path: $.who, create_contact: true"))
		w.refusedHook("contact_not_found", mail, `{"who":"no address"}`)
		require.Zero(w, w.count(&Contact{}, "1 = 1"))

		var wg sync.WaitGroup
		var started, enrolled sync.Map
		for i := range 8 {
			wg.Go(func() {
				start, err := w.posts(mail, `{"who":"New@x.io"}`, fmt.Sprint("k", i))
				if err == nil {
					started.Store(i, start)
				} else if bad := AsError(err); bad != nil && bad.Word == "already_enrolled" {
					enrolled.Store(i, true)
				} else {
					w.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		require.EqualValues(w, 1, w.count(&Contact{}, "email = 'new@x.io'"), "eight at once make one contact")
		n := 0
		started.Range(func(any, any) bool { n++; return true })
		require.Equal(w, 1, n)

		start, err := w.posts(phone, `{"who":"60112233455"}`, "")
		require.NoError(w, err)
		v, err := w.d.Contact(w.Context(), w.p, ByID(start.ContactID))
		require.NoError(w, err)
		require.Equal(w, []any{"+60112233455", "MY", SourceAPI}, []any{v.Phone, v.CountryCode, v.AddedBy})
		require.Equal(w, []EventType{ContactCreated, WorkflowStarted}, w.events(&v.Contact))
	})
}

func TestOneKeyOneRun(t *testing.T) {
	eachWorld(t, func(w *world) {
		token := w.hook(hooked("w", byEmail))
		c := w.withEmail("ann", "ann@x.io")
		first, err := w.posts(token, `{"email":"ann@x.io"}`, "k")
		require.NoError(w, err)
		w.pump()
		w.advance(time.Minute)
		w.wake() // the run has ended: only the key stands in the way now
		again, err := w.posts(token, `{"email":"ann@x.io","more":1}`, "k")
		require.NoError(w, err)
		require.True(w, again.Replayed)
		again.Replayed = false
		require.Equal(w, first, again)
		require.Len(w, w.runs(c), 1)

		_, err = w.posts(token, `{"email":"ben@x.io"}`, "ben")
		require.Equal(w, "contact_not_found", AsError(err).Word)
		w.withEmail("ben", "ben@x.io")
		replay, err := w.posts(token, `{"email":"ben@x.io"}`, "ben")
		require.Equal(w, "contact_not_found", AsError(err).Word, "a refusal is the first answer too")
		require.True(w, replay.Replayed)

		other := w.hook(hooked("other", byEmail))
		_, err = w.posts(other, `{"email":"ann@x.io"}`, "k")
		require.NoError(w, err, "another address, another key")

		w.advance(24 * time.Hour)
		w.wake()
		fresh, err := w.posts(token, `{"email":"ann@x.io"}`, "k")
		require.NoError(w, err)
		require.NotEqual(w, first.RunID, fresh.RunID)
		require.NoError(w, w.d.Tidy(w.Context()))
	})
}

func TestOneKeyInParallel(t *testing.T) {
	eachWorld(t, func(w *world) {
		token := w.hook("format: 1\nid: w\nname: W\ntrigger: {type: incoming_webhook, config: {" + byEmail + "}}\nsteps: [{id: note, type: add_comment, config: {text: x}}]\n")
		c := w.withEmail("ann", "ann@x.io")
		var mu sync.Mutex
		var starts []HookStart
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				start, err := w.posts(token, `{"email":"ann@x.io"}`, "k")
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					w.Errorf("%v", err)
				}
				starts = append(starts, start)
			})
		}
		wg.Wait()
		run, replayed := w.run(c), 0
		for _, s := range starts {
			require.Equal(w, []int64{run.ID, c.ID}, []int64{s.RunID, s.ContactID}, "everybody gets the first answer")
			if s.Replayed {
				replayed++
			}
		}
		require.Equal(w, 9, replayed)
		require.Len(w, w.traceOf(c), 1)
	})
}

// A throttled start is over in an hour: the key must not keep it.
func TestAThrottledCallIsNotKept(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.d.StartsPerHour = 1
		token := w.hook(hooked("w", byEmail))
		c := w.withEmail("ann", "ann@x.io")
		_, err := w.posts(token, `{"email":"ann@x.io"}`, "a")
		require.NoError(w, err)
		w.pump()
		w.advance(time.Minute)
		w.wake()
		for range 2 {
			_, err = w.posts(token, `{"email":"ann@x.io"}`, "b")
			require.Equal(w, []any{RateLimited, "throttled"}, []any{AsError(err).Code, AsError(err).Word})
		}
		require.Equal(w, "throttled 1 starts in the last hour", w.reasons(c, DecisionFilter{})[0])
		w.advance(time.Hour)
		_, err = w.posts(token, `{"email":"ann@x.io"}`, "b")
		require.NoError(w, err)
	})
}

func TestTheAddressAndItsSecret(t *testing.T) {
	eachWorld(t, func(w *world) {
		old := w.hook(hooked("w", byEmail))
		w.withEmail("ann", "ann@x.io")
		v, err := w.d.RenewHook(w.Context(), w.p, "w", HookChange{Secret: ptr("s3cret!")})
		require.NoError(w, err)
		require.NotEqual(w, old, v.Hook)
		w.refusedHook("not_found", old, `{"email":"ann@x.io"}`)

		h, err := w.d.HookByToken(w.Context(), v.Hook)
		require.NoError(w, err)
		for given, ok := range map[string]bool{"s3cret!": true, "": false, "s3cret": false, "s3cret!!": false, "S3CRET!": false} {
			require.Equal(w, ok, h.Admits(given), given)
		}
		same, err := w.d.RenewHook(w.Context(), w.p, "w", HookChange{})
		require.NoError(w, err)
		_, err = w.d.StartByHook(w.Context(), h, HookCall{Body: []byte(`{"email":"ann@x.io"}`)})
		require.Equal(w, NotFound, AsError(err).Code, "renewed while the call was on its way")
		h, err = w.d.HookByToken(w.Context(), same.Hook)
		require.NoError(w, err)
		require.False(w, h.Admits(""), "the secret stays")

		var rows []Workflow
		require.NoError(w, w.db.Read(w.Context()).Find(&rows).Error)
		dump, err := json.Marshal(rows)
		require.NoError(w, err)
		for _, secret := range []string{old, v.Hook, same.Hook, "s3cret!"} {
			require.NotContains(w, string(dump), secret)
		}
		_, file, err := w.d.ExportWorkflow(w.Context(), w.p, "w", 0, flow.YAML)
		require.NoError(w, err)
		require.NotContains(w, string(file), same.Hook)

		_, err = w.d.RenewHook(w.Context(), w.p, "w", HookChange{NoSecret: true})
		require.NoError(w, err)
		last, err := w.d.Workflow(w.Context(), w.p, "w")
		require.NoError(w, err)
		h, err = w.d.HookByToken(w.Context(), last.Hook)
		require.NoError(w, err)
		require.True(w, h.Admits(""))

		for _, bad := range []string{"", "two words", "line\nbreak", strings.Repeat("x", 201), "ümlaut"} {
			_, err = w.d.RenewHook(w.Context(), w.p, "w", HookChange{Secret: &bad})
			require.Equal(w, "secret", AsError(err).Details[0].Path)
		}
		w.publish(noting("m", "{type: manual_trigger}", "x"))
		_, err = w.d.RenewHook(w.Context(), w.p, "m", HookChange{})
		require.Equal(w, "invalid_state", AsError(err).Word)
	})
}

// An address is made once, when the trigger is first saved; a clone has its own.
func TestWhenAnAddressIsMade(t *testing.T) {
	eachWorld(t, func(w *world) {
		v, err := w.d.ImportWorkflow(w.Context(), w.p, []byte(noting("w", "{type: manual_trigger}", "x")), ImportInput{})
		require.NoError(w, err)
		require.Empty(w, v.Hook)
		body := func(trigger string) json.RawMessage {
			return json.RawMessage(`{"trigger":` + trigger + `,"steps":[{"id":"note","type":"add_comment","config":{"text":"hi"}}]}`)
		}
		hook := body(`{"type":"incoming_webhook","config":{"identifier_type":"email","identifier_path":"$.email"}}`)
		v, err = w.d.UpdateWorkflow(w.Context(), w.p, "w", WorkflowInput{Definition: hook, Revision: 1})
		require.NoError(w, err)
		token := v.Hook
		require.NotEmpty(w, token)
		w.refusedHook("not_found", token, `{}`)
		_, err = w.d.PublishWorkflow(w.Context(), w.p, "w", 0)
		require.NoError(w, err)
		w.refusedHook("identifier_missing", token, `{}`)
		v, err = w.d.UpdateWorkflow(w.Context(), w.p, "w", WorkflowInput{Definition: body(`{"type":"manual_trigger"}`), Revision: 2})
		require.NoError(w, err)
		require.Equal(w, token, v.Hook, "the published version still has it")
		_, err = w.d.PublishWorkflow(w.Context(), w.p, "w", 0)
		require.NoError(w, err)
		w.refusedHook("not_found", token, `{}`)
		v, err = w.d.UpdateWorkflow(w.Context(), w.p, "w", WorkflowInput{Definition: hook, Revision: 3})
		require.NoError(w, err)
		require.Equal(w, token, v.Hook)
		clone, err := w.d.CloneWorkflow(w.Context(), w.p, "w", "")
		require.NoError(w, err)
		require.NotEmpty(w, clone.Hook)
		require.NotEqual(w, token, clone.Hook)
		_, _, err = w.d.DeleteWorkflow(w.Context(), w.p, "w")
		require.NoError(w, err)
		w.refusedHook("not_found", token, `{}`)
		require.Equal(w, channel.DetailJSON, AsError(func() error { _, err := w.d.StartByHook(w.Context(), &Hook{}, HookCall{}); return err }()).Word)
	})
}
