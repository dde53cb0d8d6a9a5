// Package sheetstest fakes the two servers of Google that package sheets talks
// to: the OAuth token address, which verifies what it is given, and the Sheets
// API with its real paths, parameters and errors. Everything is on loopback.
package sheetstest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The accounts that the server knows.
const (
	Robot        = "robot@ucal-test.iam.gserviceaccount.com" // the service account
	Person       = "person@example.com"                      // who gave the refresh token
	ClientID     = "1234.apps.googleusercontent.com"
	ClientSecret = "GOCSPX-secret-of-the-client"
	RefreshToken = "1//secret-refresh-token"
)

// Server is the fake. Its methods are safe for concurrent use.
type Server struct {
	URL  string // of the Sheets API, and of the token address at TokenPath
	key  *rsa.PrivateKey
	http *httptest.Server

	mu      sync.Mutex
	files   map[string]*file
	tokens  map[string]token
	issued  int
	revoked bool
	troubles
	calls []Call
}

// TokenPath is where the server gives out tokens.
const TokenPath = "/token"

// KeyID is the id of the service account's key.
const KeyID = "key-1"

// tokenLife is how long an access token is good for.
const tokenLife = time.Hour

type token struct {
	account string
	until   time.Time
}

// Call is a request that the server got.
type Call struct {
	Method, Path string // the path as it was sent, percent-encoded
	Query        string
	Body         string
}

// Cell is a cell as a user sees it.
type Cell struct {
	Text    string // what is shown
	Formula bool   // it is computed
	Number  bool
}

type file struct {
	sheets map[string]*sheet
	shared map[string]Role
}

type sheet struct {
	rows [][]Cell
}

// Role is what an account may do with a spreadsheet.
type Role string

// The roles.
const (
	Editor Role = "editor"
	Viewer Role = "viewer"
)

// New starts a server that the test's end stops.
func New(t testing.TB) *Server {
	t.Helper()
	s := Start()
	t.Cleanup(s.Close)
	return s
}

// Start starts a server; Close stops it.
func Start() *Server {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // no randomness
	}
	s := &Server{key: key, files: map[string]*file{}, tokens: map[string]token{}}
	s.http = httptest.NewServer(s)
	s.URL = s.http.URL
	return s
}

// Close stops the server.
func (s *Server) Close() { s.http.Close() }

// ServiceAccount is the key file of Robot, as Google gives it out.
func (s *Server) ServiceAccount() string {
	der, err := x509.MarshalPKCS8PrivateKey(s.key)
	if err != nil {
		panic(err) // the key is ours
	}
	return keyFile(der, s.URL+TokenPath)
}

// StrangeAccount is the key file of Robot with a key that is not Robot's.
func (s *Server) StrangeAccount() string {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(other)
	if err != nil {
		panic(err)
	}
	return keyFile(der, s.URL+TokenPath)
}

func keyFile(der []byte, tokenURI string) string {
	raw, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": "ucal-test", "private_key_id": KeyID, "client_email": Robot, "client_id": "1",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": tokenURI,
	})
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// PrivateKey is the PEM of Robot's key.
func (s *Server) PrivateKey() string {
	var f struct {
		Key string `json:"private_key"`
	}
	_ = json.Unmarshal([]byte(s.ServiceAccount()), &f) // we made it
	return f.Key
}

// AddSheet makes a sheet with its titles, shared with Robot and Person for editing.
func (s *Server) AddSheet(spreadsheet, name string, titles ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[spreadsheet]
	if f == nil {
		f = &file{sheets: map[string]*sheet{}, shared: map[string]Role{Robot: Editor, Person: Editor}}
		s.files[spreadsheet] = f
	}
	row := make([]Cell, len(titles))
	for i, t := range titles {
		row[i] = Cell{Text: t}
	}
	f.sheets[name] = &sheet{}
	if len(titles) > 0 {
		f.sheets[name].rows = [][]Cell{row}
	}
}

// Share gives an account a role; "" takes it away.
func (s *Server) Share(spreadsheet, account string, role Role) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if role == "" {
		delete(s.files[spreadsheet].shared, account)
		return
	}
	s.files[spreadsheet].shared[account] = role
}

// Delete removes a sheet.
func (s *Server) Delete(spreadsheet, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.files[spreadsheet].sheets, name)
}

// ExpireTokens makes every access token invalid, as Google may do at any time.
func (s *Server) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// Revoke makes the server refuse the accounts, whatever they prove.
func (s *Server) Revoke(refused bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = refused
}

// Rows are the rows below the titles.
func (s *Server) Rows(spreadsheet, name string) [][]Cell {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[spreadsheet]
	if f == nil || f.sheets[name] == nil || len(f.sheets[name].rows) < 2 {
		return nil
	}
	return slices.Clone(f.sheets[name].rows[1:])
}

// Texts are the rows below the titles as they are shown.
func (s *Server) Texts(spreadsheet, name string) [][]string {
	var out [][]string
	for _, row := range s.Rows(spreadsheet, name) {
		texts := make([]string, len(row))
		for i, c := range row {
			texts[i] = c.Text
		}
		out = append(out, texts)
	}
	return out
}

// Calls are the requests so far.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Tokens is how many access tokens were given out.
func (s *Server) Tokens() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issued
}

// Appends is how many appends the server was asked for, refused ones too.
func (s *Server) Appends() int {
	n := 0
	for _, c := range s.Calls() {
		if strings.HasSuffix(c.Path, ":append") {
			n++
		}
	}
	return n
}

// Secrets are texts that may appear nowhere but in the requests to the server.
func (s *Server) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := strings.Split(s.PrivateKey(), "\n")
	list := []string{ClientSecret, RefreshToken, lines[1], lines[2]}
	return append(list, slices.Collect(maps.Keys(s.tokens))...)
}

// answer writes JSON.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone: nothing to be done
}
