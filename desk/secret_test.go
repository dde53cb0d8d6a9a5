package desk

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

func TestSecrets(t *testing.T) {
	eachWorld(t, func(w *world) {
		ctx, put := w.Context(), func(name, value string) error { return w.d.PutSecret(w.Context(), w.p, name, value) }
		names := func() (list []string) {
			secrets, err := w.d.WorkspaceSecrets(ctx, w.p)
			require.NoError(w, err)
			for _, s := range secrets {
				require.Empty(w, s.Value)
				list = append(list, fmt.Sprintf("%s %d", s.Name, s.UpdatedAt-monday.UnixMilli()))
			}
			return list
		}
		value := func(name string) (v string) {
			require.NoError(w, w.d.write(ctx, w.p.WorkspaceID, w.p.Actor(), func(t *txn) error {
				find, broken := t.secrets()
				v, _ = find(name)
				return broken()
			}))
			return v
		}
		require.NoError(w, put("z", "s3cr3t-of-z"))
		require.NoError(w, put("crm_token", "  one\n"))
		w.advance(time.Second)
		require.NoError(w, put("crm_token", "two"))
		require.Equal(w, []string{"crm_token 1000", "z 0"}, names())
		require.Equal(w, "two", value("crm_token"))
		w.advance(time.Second)
		require.NoError(w, put("crm_token", "***"), "*** keeps the value")
		require.Equal(w, []string{"crm_token 1000", "z 0"}, names())
		require.Equal(w, "two", value("crm_token"))
		require.NoError(w, put("long", strings.Repeat("é", MaxSecretValue)))
		w.holdsNowhere("s3cr3t-of-z")

		for _, bad := range []struct{ name, value, path string }{
			{"", "x", "name"}, {"1a", "x", "name"}, {"A", "x", "name"}, {"a-b", "x", "name"}, {strings.Repeat("a", 51), "x", "name"}, {"a.b", "x", "name"},
			{"a", "", "value"}, {"a", " \n", "value"}, {"a", strings.Repeat("x", MaxSecretValue+1), "value"}, {"new", "***", "value"},
		} {
			e := AsError(put(bad.name, bad.value))
			require.NotNil(w, e, "%+v", bad)
			require.Equal(w, Invalid, e.Code)
			require.Equal(w, bad.path, e.Details[0].Path)
		}

		stranger := Principal{WorkspaceID: w.p.WorkspaceID + 1, Role: Owner, Source: SourceAPI}
		foreign, err := w.d.WorkspaceSecrets(ctx, stranger)
		require.NoError(w, err)
		require.Empty(w, foreign)
		require.Equal(w, NotFound, AsError(w.d.DeleteSecret(ctx, stranger, "z")).Code)
		require.NoError(w, w.d.DeleteSecret(ctx, w.p, "z"))
		require.Equal(w, NotFound, AsError(w.d.DeleteSecret(ctx, w.p, "z")).Code)

		for i := range MaxSecrets - 2 {
			require.NoError(w, put(fmt.Sprintf("s%d", i), "x"))
		}
		require.Equal(w, "limit_reached", AsError(put("more", "x")).Word)
		require.NoError(w, put("crm_token", "three"), "one that is there can be replaced")
	})
}

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// Scenario 78: what a workflow may not call is refused when it is saved. A secret
// that does not exist is as well.
func TestRequestsAreChecked(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.d.PublicURL = "https://desk.example.com"
		w.d.CheckURL = func(raw string) error {
			if strings.Contains(raw, "10.0.0.5") {
				return fmt.Errorf("the address is not public")
			}
			return nil
		}
		require.NoError(w, w.d.PutSecret(w.Context(), w.p, "crm_token", "x"))
		for target, want := range map[string]string{
			"https://crm.example.com/$contact.id?k=$secret.crm_token": "", "https://desk.example.com.evil.com": "", "$contact.email": "",
			"https://desk.example.com/v2/contact": "http.url.refused", "HTTP://DESK.example.COM.:8080/": "http.url.refused", "https://desk。example.com/": "http.url.refused",
			"http://10.0.0.5/": "http.url.refused", "https://crm.example.com/?k=$secret.other": "variable.secret.unknown",
		} {
			v, err := w.d.ImportWorkflow(w.Context(), w.p, []byte(callFlow("method: GET, url: '"+target+"'", false)), ImportInput{Replace: true})
			require.NoError(w, err)
			require.Equal(w, want, strings.Join(blocking(v.Problems), " "), target)
			_, err = w.d.PublishWorkflow(w.Context(), w.p, v.Slug, 0)
			require.Equal(w, want != "", err != nil, target)
		}
	})
}

// blocking are the codes of problems that are errors.
func blocking(problems flow.Problems) (codes []string) {
	for _, p := range problems {
		if p.Severity == flow.SeverityError {
			codes = append(codes, p.Code)
		}
	}
	return codes
}

func TestOwnURL(t *testing.T) {
	for public, urls := range map[string]map[string]bool{
		"https://desk.example.com": {"https://desk.example.com/x": true, "http://desk.example.com:81": true, "http://DESK.example.com.": true, "https://example.com": false, "https://a.desk.example.com": false},
		"https://büro.example.com": {"https://xn--bro-hoa.example.com": true, "https://BÜRO.example.com": true},
		"http://203.0.113.7:8080":  {"http://203.0.113.7/": true, "http://203.0.113.8:8080/": false},
		"http://localhost:8080":    {"http://localhost:8080/x": true, "http://127.0.0.1:8080": true, "http://[::1]:8080": true, "http://[::ffff:127.0.0.1]:8080": true, "http://a.localhost:8080": true, "http://localhost:9000": false, "http://localhost": false},
		"http://127.0.0.1":         {"http://localhost:80": true, "https://localhost": false},
		"":                         {"https://desk.example.com": false},
	} {
		d := &Desk{Options: Options{PublicURL: public}}
		for raw, own := range urls {
			u, err := url.Parse(raw)
			require.NoError(t, err)
			require.Equal(t, own, d.OwnURL(u) != nil, "%s from %s", raw, public)
		}
	}
}
