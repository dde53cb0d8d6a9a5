package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/desk"
	"ucal/internal/dbtest"
	"ucal/store"
)

// shop is a connected custom channel.
type shop struct {
	*world
	id     int64
	public string
	token  string
}

func (w *world) shop(config string) shop {
	w.t.Helper()
	var c connected
	w.call("POST", "/v2/space/channel", `{"source":"custom_channel","name":"Shop","config":`+config+`}`).into(201, &c)
	require.Equal(w.t, "http://example.com/custom/channel/webhook/", c.WebhookURL)
	require.NotNil(w.t, c.APIToken)
	return shop{w, c.ID, c.ChannelID, *c.APIToken}
}

func (w *world) newShop() shop {
	return w.shop(`{"apiBaseUrl":"http://127.0.0.1:1","idType":"custom","rateLimit":0}`)
}

// says posts one text of a contact.
func (s shop) says(contact, mID, text string) answer {
	s.t.Helper()
	return s.post(s.event(contact, mID, text))
}

func (s shop) event(contact, mID, text string) map[string]any {
	return map[string]any{"channelId": s.public, "contactId": contact, "contact": map[string]any{"firstName": "Ida"},
		"events": []any{map[string]any{"type": "message", "mId": mID, "timestamp": s.clock().UnixMilli(), "message": map[string]any{"type": "text", "text": text}}}}
}

func (s shop) post(body any, change ...func(*http.Request)) answer {
	s.t.Helper()
	return s.call("POST", "/custom/channel/webhook", body, append([]func(*http.Request){as(s.token)}, change...)...)
}

// Check 16: one text of an unknown contact.
func TestWebhookStoresEverything(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		s := newWorldOn(t, db).newShop()
		before := s.rows("events")
		require.Equal(t, `{"status":"ok"}`, s.says("ida", "m-1", "Hello").text)
		for table, n := range map[string]int64{"contacts": 1, "identities": 1, "conversations": 1, "messages": 1} {
			require.Equal(t, n, s.rows(table), table)
		}
		var types []string
		require.NoError(t, db.Read(t.Context()).Table("events").Where("id > ?", before).Order("id").Pluck("type", &types).Error)
		require.Equal(t, []string{"contact.created", "conversation.opened", "message.received"}, types)
		var source string
		require.NoError(t, db.Read(t.Context()).Table("conversations").Pluck("opened_source", &source).Error)
		require.Equal(t, "contact", source)
		ch := s.call("GET", urlf("/space/channel/%d", s.id), nil).object(200)
		require.NotNil(t, ch["lastInboundAt"])
	})
}

// Check 17: the same call twice, and ten times in parallel.
func TestWebhookDuplicates(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		s := newWorldOn(t, db).newShop()
		s.says("ida", "m-1", "Hello").into(200, nil)
		after := s.rows("events")
		s.says("ida", "m-1", "Hello").into(200, nil)
		require.Equal(t, after, s.rows("events"))
		require.EqualValues(t, 1, s.rows("messages"))

		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if a := s.says("kim", "m-2", "Hello"); a.status != 200 {
					t.Error(a.text)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 2, s.rows("messages"))
		require.EqualValues(t, 2, s.rows("contacts"))
		require.EqualValues(t, 2, s.rows("conversations"))
		require.Equal(t, after+3, s.rows("events"))
	})
}

// Check 28, and everything else that is refused with nothing stored.
func TestWebhookRefusals(t *testing.T) {
	w := newWorld(t)
	s, other := w.newShop(), w.newShop()
	before := w.snapshot()

	batch := s.event("ida", "m-1", "Hello")
	batch["events"] = append(batch["events"].([]any), map[string]any{"type": "message", "mId": "m-2", "timestamp": 1, "message": map[string]any{"type": "text"}})
	e := s.post(batch).refused(400, "invalid_argument")
	require.Equal(t, "events[1].message.text", e.Details[0].Path)
	many := s.event("ida", "m-1", "Hello")
	for len(many["events"].([]any)) < 101 {
		many["events"] = append(many["events"].([]any), many["events"].([]any)[0])
	}
	s.post(many).refused(400, "invalid_argument")
	s.post(`{"channelId":`).refused(400, "invalid_json")
	s.post(`[]`).refused(400, "invalid_argument")
	s.post(nil).refused(400, "invalid_json")
	s.post(`{"channelId":5,"contactId":[],"events":{}}`).refused(400, "invalid_argument")
	s.post(strings.Repeat(" ", 2<<20)).refused(413, "too_large")

	good := s.event("ida", "m-1", "Hello")
	for _, wrong := range []string{"", "cht_x", s.token + "x", w.token, other.token} {
		s.post(good, as(wrong)).refused(401, "unauthorized")
	}
	w.call("DELETE", urlf("/space/channel/%d", other.id), nil).into(200, nil)
	other.says("ida", "m-1", "Hello").refused(401, "unauthorized")
	require.Equal(t, before, w.snapshot())
}

func TestWebhookTrailingSlash(t *testing.T) {
	s := newWorld(t).newShop()
	for i, url := range []string{"/custom/channel/webhook", "/custom/channel/webhook/"} {
		a := s.call("POST", url, s.event("ida", fmt.Sprint("m-", i), "Hello"), as(s.token))
		require.Equal(t, 200, a.status, a.text)
		require.Empty(t, a.header.Get("Location"))
	}
	require.EqualValues(t, 2, s.rows("messages"))
}

func TestWebhookRate(t *testing.T) {
	s := newWorld(t).shop(`{"apiBaseUrl":"http://127.0.0.1:1","idType":"custom"}`)
	for i := range 20 {
		s.says("ida", fmt.Sprint("m-", i), "Hello").into(200, nil)
	}
	a := s.says("ida", "m-20", "Hello")
	a.refused(429, "rate_limited")
	require.Equal(t, "1", a.header.Get("Retry-After"))
	require.EqualValues(t, 20, s.rows("messages"))
	s.sleep(time.Second)
	s.says("ida", "m-20", "Hello").into(200, nil)
}

func TestDisabledChannelDrops(t *testing.T) {
	s := newWorld(t).newShop()
	url := urlf("/space/channel/%d", s.id)
	require.Equal(t, "disabled", s.call("PUT", url, `{"enabled":false}`).object(200)["status"])
	require.Equal(t, `{"status":"ok"}`, s.says("ida", "m-1", "Hello").text)
	require.Zero(t, s.rows("messages"))
	require.Equal(t, "connected", s.call("PUT", url, `{"enabled":true}`).object(200)["status"])
	s.says("ida", "m-1", "Hello").into(200, nil)
	require.EqualValues(t, 1, s.rows("messages"))
}

// Check 33: what cannot be stored is not answered 200.
func TestWebhookWithoutDatabase(t *testing.T) {
	s := newWorld(t).newShop()
	s.says("ida", "m-1", "Hello").into(200, nil) // the token is known from here on
	require.NoError(t, s.db.Close())
	a := s.says("ida", "m-2", "Hello")
	a.refused(503, "unavailable")
	require.Equal(t, "5", a.header.Get("Retry-After"))
}

func TestChannelToken(t *testing.T) {
	s := newWorld(t).newShop()
	var fresh channelToken
	s.call("POST", urlf("/space/channel/%d/token", s.id), `{}`).into(200, &fresh)
	require.NotEqual(t, s.token, fresh.APIToken)
	s.says("ida", "m-1", "Hello").into(200, nil)
	s.post(s.event("ida", "m-2", "Hello"), as(fresh.APIToken)).into(200, nil)
	s.sleep(10*time.Minute + time.Second)
	s.says("ida", "m-3", "Hello").refused(401, "unauthorized")
	s.post(s.event("ida", "m-3", "Hello"), as(fresh.APIToken)).into(200, nil)

	var stored []desk.Channel
	require.NoError(t, s.db.Read(t.Context()).Find(&stored).Error)
	dump, err := json.Marshal(stored)
	require.NoError(t, err)
	require.NotContains(t, string(dump), fresh.APIToken)
	require.NotContains(t, string(dump), s.token)
	require.NotContains(t, s.call("GET", urlf("/space/channel/%d", s.id), nil).text, fresh.APIToken)
}

func TestChannelTest(t *testing.T) {
	s := newWorld(t).newShop()
	url := urlf("/space/channel/%d", s.id)
	require.NoError(t, s.desk.Ping(t.Context()))
	require.Equal(t, true, s.call("POST", url+"/test", `{}`).object(200)["ok"])
	ch := s.call("PUT", url, `{"name":"Store","config":{"apiBaseUrl":"http://127.0.0.1:2/x/","idType":"phone"}}`).object(200)
	require.Equal(t, "Store", ch["name"])
	require.Equal(t, "http://127.0.0.1:2/x", ch["config"].(map[string]any)["apiBaseUrl"])
	require.Equal(t, "yes", ch["capabilities"].(map[string]any)["first"])
	s.call("POST", url+"/test", nil).into(200, nil)
}
