package sheets

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/jwt"
	api "google.golang.org/api/sheets/v4"
)

// early is how long before its end a token is not used any more.
const early = time.Minute

// token returns the account's access token. cached says that it was fetched for
// an earlier call; fresh asks for one that was not.
func (c *Client) token(ctx context.Context, acc Account, fresh bool) (tok *oauth2.Token, cached bool, err error) {
	key := acc.key()
	c.mu.Lock()
	tok = c.tokens[key]
	c.mu.Unlock()
	if tok != nil && !fresh && c.o.Now().Before(tok.Expiry.Add(-early)) {
		return tok, true, nil
	}
	if tok, err = c.fetch(ctx, acc); err != nil {
		return nil, false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, old := range c.tokens { // those of accounts that are not used any more
		if !c.o.Now().Before(old.Expiry) {
			delete(c.tokens, k)
		}
	}
	c.tokens[key] = tok
	return tok, false, nil
}

// key names the account without holding its secrets.
func (a Account) key() [32]byte {
	raw, _ := json.Marshal(a) // texts only: cannot fail
	return sha256.Sum256(raw)
}

// fetch asks Google for an access token.
// Source: https://developers.google.com/identity/protocols/oauth2/service-account, …/oauth2/web-server#offline, 2026-08.
func (c *Client) fetch(ctx context.Context, acc Account) (*oauth2.Token, error) {
	url := acc.TokenURL
	if url == "" {
		url = DefaultTokenURL
	}
	wire := &wire{http: c.o.HTTP}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: wire})
	var source oauth2.TokenSource
	if acc.Email != "" {
		source = (&jwt.Config{Email: acc.Email, PrivateKey: []byte(acc.PrivateKey), PrivateKeyID: acc.KeyID, Scopes: []string{api.SpreadsheetsScope}, TokenURL: url}).TokenSource(ctx)
	} else {
		cfg := &oauth2.Config{ClientID: acc.ClientID, ClientSecret: acc.ClientSecret, Endpoint: oauth2.Endpoint{TokenURL: url, AuthStyle: oauth2.AuthStyleInParams}}
		source = cfg.TokenSource(ctx, &oauth2.Token{RefreshToken: acc.RefreshToken})
	}
	asked := c.o.Now()
	tok, err := source.Token()
	switch {
	case wire.err != nil:
		return nil, wire.err // the library's error would lose its type
	case err != nil:
		return nil, tokenError(err)
	case tok.AccessToken == "":
		return nil, &Error{Class: Credentials, Message: "The token address answers without an access token. Check tokenUrl."}
	}
	// By our clock, which is not the library's in every test.
	lasts := time.Hour
	if secs := tok.ExpiresIn; secs > 0 {
		lasts = time.Duration(secs) * time.Second
	} else if !tok.Expiry.IsZero() {
		lasts = time.Until(tok.Expiry)
	}
	tok.Expiry = asked.Add(lasts)
	return tok, nil
}
