// Package sheets appends rows to Google Sheets by the Sheets API v4.
//
// It imports internal/httpx and nothing else of ours. There is one layer of
// retries and it is the caller's: Append makes one attempt and says by the class
// of its error what to think of it. Start reading at Client.Append; sheetstest
// is a fake of Google's two servers.
package sheets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	api "google.golang.org/api/sheets/v4"

	"ucal/internal/httpx"
)

// The addresses of Google.
// Source: https://developers.google.com/workspace/sheets/api/reference/rest, 2026-08.
const (
	DefaultEndpoint = "https://sheets.googleapis.com/"
	DefaultTokenURL = "https://oauth2.googleapis.com/token"
)

// Account is who calls Google: a service account (Email and PrivateKey) or a
// person by OAuth (ClientID, ClientSecret and RefreshToken).
type Account struct {
	Email      string // of the service account; sheets are shared with it
	PrivateKey string // PEM
	KeyID      string // may be empty

	ClientID     string
	ClientSecret string
	RefreshToken string

	Endpoint string // of the Sheets API; "" = the client's
	TokenURL string // "" = DefaultTokenURL
}

// Row is a row to be appended.
type Row struct {
	Spreadsheet string // id
	Sheet       string // name of the tab
	Cells       []Cell
}

// Cell is the value of one column, found by its title.
type Cell struct {
	Column string
	Text   string // as a user would type it; see Guard for what is kept text
}

// Options of a Client.
type Options struct {
	HTTP     *httpx.Client
	Endpoint string // of the Sheets API; "" = DefaultEndpoint
	Now      func() time.Time
}

// Client appends rows for any number of accounts. It keeps their access tokens
// in memory only and is safe for concurrent use.
type Client struct {
	o Options

	mu     sync.Mutex
	tokens map[[32]byte]*oauth2.Token
}

// New returns a client.
func New(o Options) *Client {
	if o.Endpoint == "" {
		o.Endpoint = DefaultEndpoint
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Client{o: o, tokens: map[[32]byte]*oauth2.Token{}}
}

// Append makes one attempt at appending a row and returns where it was written,
// such as Leads!A5:C5. The columns are the titles in row 1; those without a
// value stay blank. The error is an *Error.
func (c *Client) Append(ctx context.Context, acc Account, row Row) (string, error) {
	var place string
	err := c.authorised(ctx, acc, func(s *api.SpreadsheetsValuesService) error {
		tab := quoted(row.Sheet)
		head, err := s.Get(row.Spreadsheet, tab+"!1:1").Context(ctx).Do()
		if err != nil {
			return err
		}
		cells, err := arrange(titles(head), row)
		if err != nil {
			return err
		}
		// Google appends below the table in which the range lies. A1 is the first
		// title; a range of the whole sheet would find the last table on it.
		// Source: https://developers.google.com/workspace/sheets/api/guides/values#append_values, 2026-08.
		done, err := s.Append(row.Spreadsheet, tab+"!A1", &api.ValueRange{Values: [][]any{cells}}).
			ValueInputOption("USER_ENTERED").InsertDataOption("INSERT_ROWS").Context(ctx).Do()
		if err != nil {
			return err
		}
		if done.Updates != nil {
			place = done.Updates.UpdatedRange
		}
		return nil
	})
	return place, explain(err, acc, row)
}

// Check makes one harmless call: it gets a fresh access token. The error is an
// *Error.
func (c *Client) Check(ctx context.Context, acc Account) error {
	_, err := c.fetch(ctx, acc)
	return explain(err, acc, Row{})
}

// authorised runs fn with the account's token. Google may end a token before its
// time: then fn gets a second chance with a fresh one. That is no retry of the
// call, which was refused at the door.
func (c *Client) authorised(ctx context.Context, acc Account, fn func(*api.SpreadsheetsValuesService) error) error {
	for fresh := false; ; fresh = true {
		tok, cached, err := c.token(ctx, acc, fresh)
		if err != nil {
			return err
		}
		err = c.with(ctx, acc, tok, fn)
		if bad := asAPI(err); bad == nil || bad.Code != http.StatusUnauthorized || !cached {
			return err
		}
	}
}

// with runs fn on a service whose requests carry the token.
func (c *Client) with(ctx context.Context, acc Account, tok *oauth2.Token, fn func(*api.SpreadsheetsValuesService) error) error {
	endpoint := c.o.Endpoint
	if acc.Endpoint != "" {
		endpoint = acc.Endpoint
	}
	wire := &wire{http: c.o.HTTP, token: tok}
	svc, err := api.NewService(ctx, option.WithHTTPClient(&http.Client{Transport: wire}), option.WithEndpoint(strings.TrimSuffix(endpoint, "/")+"/"),
		option.WithLogger(slog.New(slog.DiscardHandler))) // the library would log requests, cells and all, when an environment variable tells it to
	if err != nil {
		return fmt.Errorf("google sheets client for %s: %w", endpoint, err)
	}
	if err := fn(svc.Spreadsheets.Values); err != nil {
		if wire.err != nil {
			return wire.err // without the address that the library puts before it
		}
		return err
	}
	return nil
}

// wire carries requests through the guarded client and remembers what went
// wrong on the way.
type wire struct {
	http  *httpx.Client
	token *oauth2.Token // nil = none
	err   error
}

// RoundTrip sends one request.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.token != nil {
		r = r.Clone(r.Context())
		w.token.SetAuthHeader(r)
	}
	resp, err := w.http.Do(r)
	if w.err = err; err == nil {
		resp.Body = &body{resp.Body, w}
	}
	return resp, err
}

// body is an answer whose reading may fail as well.
type body struct {
	io.ReadCloser
	wire *wire
}

// Read reads on.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		b.wire.err = err
	}
	return n, err
}

// quoted is the name of a sheet in A1 notation.
func quoted(sheet string) string { return "'" + strings.ReplaceAll(sheet, "'", "''") + "'" }

func titles(head *api.ValueRange) []string {
	if len(head.Values) == 0 {
		return nil
	}
	out := make([]string, len(head.Values[0]))
	for i, v := range head.Values[0] {
		out[i] = strings.TrimSpace(fmt.Sprint(v))
	}
	return out
}

// asAPI is the answer of the API that an error holds; nil for other errors.
func asAPI(err error) *googleapi.Error {
	e, _ := errors.AsType[*googleapi.Error](err)
	return e
}
