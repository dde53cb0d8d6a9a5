package desk

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/internal/secret"
)

func TestTokens(t *testing.T) {
	eachWorld(t, func(w *world) {
		tok, text, err := w.d.CreateToken(w.Context(), w.p, TokenInput{Name: "mine"})
		require.NoError(w, err)
		require.Len(w, strings.Split(text, "."), 3, "a JWT")
		var stored []string
		require.NoError(w, w.db.Read(w.Context()).Model(&Token{}).Pluck("hash", &stored).Error)
		require.Equal(w, []string{secret.Hash(text)}, stored, "only the hash is in the database")

		p, err := w.d.Authenticate(w.Context(), text, "")
		require.NoError(w, err)
		require.Equal(w, Principal{WorkspaceID: w.p.WorkspaceID, TokenID: tok.ID, Role: Owner, Source: SourceAPI, RateLimit: -1}, p)
		for _, wrong := range []string{"", "x", text + "x", secret.Hash(text)} {
			_, err = w.d.Authenticate(w.Context(), wrong, "")
			w.requireCode(err, Unauthorized, "unauthorized")
		}
		// Another process revokes it: the row changes behind this one's back.
		w.exec("UPDATE tokens SET revoked_at = 1 WHERE id = ?", tok.ID)
		w.advance(5 * time.Second)
		_, err = w.d.Authenticate(w.Context(), text, "")
		w.requireCode(err, Unauthorized, "unauthorized")
		require.NoError(w, w.d.AdoptToken(w.Context(), w.p.WorkspaceID, "dev", text))
		_, err = w.d.Authenticate(w.Context(), text, "")
		require.NoError(w, err, "adopted again")
		require.NoError(w, w.d.RevokeToken(w.Context(), w.p, tok.ID))
		_, err = w.d.Authenticate(w.Context(), text, "")
		w.requireCode(err, Unauthorized, "unauthorized")
		w.requireCode(w.d.RevokeToken(w.Context(), w.p, 99), NotFound, "not_found")
	})
}

func TestTokenEnds(t *testing.T) {
	eachWorld(t, func(w *world) {
		limit, soon := 7, w.clock.Load()+1000
		_, text, err := w.d.CreateToken(w.Context(), w.p, TokenInput{Name: "x", Role: Agent, Source: SourceN8N, ExpiresAt: soon, RateLimit: &limit})
		require.NoError(w, err)
		p, err := w.d.Authenticate(w.Context(), text, "")
		require.NoError(w, err)
		require.Equal(w, 7, p.RateLimit)
		require.Equal(w, SourceN8N, p.Actor().Kind)
		w.advance(time.Second)
		_, err = w.d.Authenticate(w.Context(), text, "")
		w.requireCode(err, Unauthorized, "unauthorized")
		minus, past := -1, int64(5)
		_, _, err = w.d.CreateToken(w.Context(), w.p, TokenInput{Role: "boss", Source: "fax", RateLimit: &minus, ExpiresAt: past})
		require.Len(w, w.requireCode(err, Invalid, "invalid_argument").Details, 5)
		_, _, err = w.d.CreateToken(w.Context(), p, TokenInput{Name: "x"})
		w.requireCode(err, Forbidden, "forbidden")
	})
}

func TestActingUser(t *testing.T) {
	eachWorld(t, func(w *world) {
		ann := w.newUser("ann", Agent)
		_, owner, err := w.d.CreateToken(w.Context(), w.p, TokenInput{Name: "owner"})
		require.NoError(w, err)
		_, manager, err := w.d.CreateToken(w.Context(), w.p, TokenInput{Name: "manager", Role: Manager})
		require.NoError(w, err)
		for _, who := range []string{"ann@example.com", " ANN@example.com", number(ann.ID)} {
			p, err := w.d.Authenticate(w.Context(), owner, who)
			require.NoError(w, err, who)
			require.Equal(w, Actor{Kind: SourceUser, ID: ann.ID, Name: "ann"}, p.Actor())
			require.Equal(w, Agent, p.Role)
		}
		_, err = w.d.Authenticate(w.Context(), owner, "nobody")
		w.requireCode(err, Invalid, "invalid_argument")
		_, err = w.d.Authenticate(w.Context(), manager, "ann@example.com")
		w.requireCode(err, Forbidden, "forbidden")
	})
}

func TestCreateWorkspace(t *testing.T) {
	eachWorld(t, func(w *world) {
		ws, token, err := w.d.CreateWorkspace(w.Context(), "Second", "Boss@Example.com")
		require.NoError(w, err)
		p, err := w.d.Authenticate(w.Context(), token, "")
		require.NoError(w, err)
		require.Equal(w, ws.ID, p.WorkspaceID)
		l, err := w.d.Users(w.Context(), p, Page{})
		require.NoError(w, err)
		require.Len(w, l.Items, 1)
		require.Equal(w, "boss@example.com", l.Items[0].Email)
		_, _, err = w.d.CreateWorkspace(w.Context(), "", "x")
		require.Len(w, w.requireCode(err, Invalid, "invalid_argument").Details, 2)
		require.ErrorContains(w, w.d.AdoptToken(w.Context(), w.p.WorkspaceID, "x", token), "another workspace")
	})
}

func TestKeyedCalls(t *testing.T) {
	eachWorld(t, func(w *world) {
		call := func(body string) *KeyedCall {
			return &KeyedCall{TokenID: 1, Route: "POST /x", Key: "k", BodyHash: body}
		}
		begin := func(k *KeyedCall) *KeyedAnswer {
			a, err := w.d.BeginKeyed(w.Context(), k)
			require.NoError(w, err)
			return a
		}
		dead := call("a")
		require.Nil(w, begin(dead))
		_, err := w.d.BeginKeyed(w.Context(), call("a"))
		w.requireCode(err, Conflict, "in_progress")
		_, err = w.d.BeginKeyed(w.Context(), call("b"))
		w.requireCode(err, Conflict, "idempotency_mismatch")

		w.advance(time.Minute)
		alive := call("a")
		require.Nil(w, begin(alive), "the first one's process is dead")
		require.NoError(w, w.d.EndKeyed(w.Context(), dead, 200, "late"))
		require.NoError(w, w.d.EndKeyed(w.Context(), alive, 201, "yes"))
		require.Equal(w, &KeyedAnswer{201, "yes"}, begin(call("a")))
		w.advance(24*time.Hour - time.Millisecond)
		require.NotNil(w, begin(call("a")))
		w.advance(time.Millisecond)
		again := call("b")
		require.Nil(w, begin(again), "kept for 24 hours")
		require.NoError(w, w.d.EndKeyed(w.Context(), again, 0, ""))
		require.Nil(w, begin(call("c")), "given back")
	})
}

func TestKeyedCallsInParallel(t *testing.T) {
	eachWorld(t, func(w *world) {
		var begun atomic.Int32
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				_, err := w.d.BeginKeyed(w.Context(), &KeyedCall{TokenID: 1, Route: "POST /x", Key: "k", BodyHash: "a"})
				if err == nil {
					begun.Add(1)
				} else if e := AsError(err); e == nil || e.Word != "in_progress" {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.EqualValues(w, 1, begun.Load())
	})
}

func TestChannelTokens(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.exec("UPDATE channels SET source = ?, token_hash = ? WHERE id = ?", channel.SourceCustom, secret.Hash("cht_old"), w.ch.ID)
		find := func(token string) error {
			_, err := w.d.ChannelByToken(w.Context(), channel.SourceCustom, token)
			return err
		}
		require.NoError(w, find("cht_old"))
		w.requireCode(find("cht_other"), Unauthorized, "unauthorized")
		w.requireCode(find(""), Unauthorized, "unauthorized")
		fresh, err := w.d.RotateChannelToken(w.Context(), w.p, w.ch.ID)
		require.NoError(w, err)
		require.NoError(w, find(fresh))
		w.advance(10*time.Minute - 5*time.Second)
		require.NoError(w, find("cht_old"))
		w.advance(5 * time.Second)
		w.requireCode(find("cht_old"), Unauthorized, "unauthorized")
		require.NoError(w, w.d.DeleteChannel(w.Context(), w.p, w.ch.ID))
		w.requireCode(find(fresh), Unauthorized, "unauthorized")
		_, err = w.d.Channel(w.Context(), w.p, w.ch.ID)
		w.requireCode(err, NotFound, "not_found")
	})
}
