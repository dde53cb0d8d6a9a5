package desk

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/flow"
)

const onAds = "{type: click_to_chat_ads, config: {account: act_1, ads: [\"120\", 121]}}"

func anAd(click string) *channel.Referral {
	return &channel.Referral{AdID: "120", Title: "Shoes", Description: "Half price", URL: "https://fb.me/1", Source: "ad", ClickID: click}
}

// fromAd is an ad-referred message.
func (w *world) fromAd(who, id string, ad *channel.Referral) channel.Inbound {
	in := w.inbound(who, id, "hello")
	in.Events[0].Ad = ad
	return in
}

// clicks is a click without a message.
func (w *world) clicks(who string, ad *channel.Referral) channel.Inbound {
	return channel.Inbound{ExternalID: who, Profile: channel.Profile{FirstName: who},
		Events: []channel.Event{{Kind: channel.EventReferral, At: timeOf(w.clock.Load()), Ad: ad}}}
}

func (w *world) takes(in ...channel.Inbound) {
	w.Helper()
	require.NoError(w, w.d.Receive(w.Context(), w.ch, in))
	w.pump()
}

func (w *world) adWorkflows() {
	w.Helper()
	w.publish(noting("ads", onAds, "$ad.id|$ad.title|$ad.description|$ad.url|$ad.source|$ad.click_id"))
	w.publish(noting("opened", "{type: conversation_opened, conditions: [{category: source, operator: is_equal_to, value: ctc_ads}]}", "opened by $conversation.opened_source"))
	w.publish(noting("wrote", "{type: message_received}", "wrote"))
	w.publish(noting("others", strings.Replace(onAds, "\"120\", 121", "\"7\"", 1), "another ad"))
}

func TestAnAdReferredMessage(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.adWorkflows()
		in := w.fromAd("ann", "m1", anAd("click-1"))
		w.takes(in)
		w.takes(in, in)
		c := w.contact("ann")
		require.Equal(w, []string{"120|Shoes|Half price|https://fb.me/1|ad|click-1", "opened by ctc_ads", "wrote"}, w.notes(c))
		require.Equal(w, []EventType{ContactCreated, AdClicked, ConversationOpened, MessageReceived}, w.events(c)[:4])
		require.Equal(w, "condition_false configuration", w.meantNot(c, "others"))
		run := w.runs(c)[0]
		require.Equal(w, []any{flow.ClickToChatAds, SourceAds}, []any{run.TriggerType, run.TriggerSource})

		l, err := w.d.Activities(w.Context(), w.p, ByID(c.ID), "", Page{Limit: MaxPage})
		require.NoError(w, err)
		found := map[string]any{}
		for _, a := range l.Items {
			if ad, ok := a.Data["ad"].(map[string]any); ok {
				require.Equal(w, "https://fb.me/1", ad["url"])
				found[a.Type] = ad["title"]
			}
		}
		require.Equal(w, map[string]any{"ad.clicked": "Shoes", "conversation.opened": "Shoes"}, found, "the timeline's card")

		w.takes(w.fromAd("ann", "m2", anAd("click-1"))) // more about the same click
		require.Len(w, w.notes(c), 4)
		w.takes(w.fromAd("ann", "m3", anAd("click-2")))
		require.Len(w, w.notes(c), 6, "a second click, and a message; the conversation is open")
	})
}

// meantNot is the decision on a contact in one workflow.
func (w *world) meantNot(c *Contact, slug string) string {
	w.Helper()
	wf, err := w.d.Workflow(w.Context(), w.p, slug)
	require.NoError(w, err)
	return w.reasons(c, DecisionFilter{WorkflowID: wf.ID})[0]
}

func TestABareClick(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.adWorkflows()
		w.takes(w.clicks("ann", anAd("click-1")), w.clicks("ann", anAd("click-1")))
		c := w.contact("ann")
		require.Equal(w, []string{"120|Shoes|Half price|https://fb.me/1|ad|click-1", "opened by ctc_ads"}, w.notes(c))
		require.True(w, c.Open())
		require.Zero(w, w.count(&Message{}, "1 = 1"), "a click is no message")
		w.takes(w.fromAd("ann", "m1", anAd("click-1")))
		require.Equal(w, []string{"120|Shoes|Half price|https://fb.me/1|ad|click-1", "opened by ctc_ads", "wrote"}, w.notes(c))

		_, err := w.d.Block(w.Context(), w.p, ByID(c.ID), "")
		require.NoError(w, err)
		before := len(w.events(c))
		w.takes(w.clicks("ann", anAd("click-3")))
		require.Len(w, w.events(c), before)

		id, err := w.d.DeleteContact(w.Context(), w.p, ByID(c.ID))
		require.NoError(w, err)
		require.Zero(w, w.count(&AdClick{}, "contact_id = ?", id))
	})
}

// Where the provider gives clicks no id, each event is one, and a redelivery is none.
func TestClicksWithoutAnID(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(noting("ads", onAds, "click"))
		w.takes(w.clicks("ann", anAd("")), w.clicks("ann", anAd("")))
		require.Len(w, w.notes(w.contact("ann")), 1)
		w.advance(time.Second)
		w.takes(w.clicks("ann", anAd("")), w.clicks("ben", anAd("")))
		w.takes(w.fromAd("ann", "m1", anAd("")))
		w.takes(w.fromAd("ann", "m1", anAd("")))
		require.Len(w, w.notes(w.contact("ann")), 3)
		require.Len(w, w.notes(w.contact("ben")), 1)
		w.takes(w.clicks("ann", anAd(strings.Repeat("long", 2000))))
		w.takes(w.clicks("ann", anAd(strings.Repeat("long", 2000))))
		require.Len(w, w.notes(w.contact("ann")), 4, "no index takes so long an id")
	})
}

// An answer that comes from an ad opens nothing, but the click counts.
func TestAnAdReferredAnswer(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(question("asks", ""))
		w.adWorkflows()
		c := w.writes("ann", "m1", "hello")
		_, err := w.d.CloseConversation(w.Context(), w.p, ByID(c.ID), ClosingNote{})
		require.NoError(w, err)
		in := w.fromAd("ann", "m2", anAd("click-1"))
		text := channel.Text("5")
		in.Events[0].Message = &text
		w.takes(in)
		require.False(w, w.contact("ann").Open())
		require.Equal(w, []string{"wrote", "120|Shoes|Half price|https://fb.me/1|ad|click-1"}, w.notes(c))
	})
}
