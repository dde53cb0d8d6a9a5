package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
)

// chatChannel is the channel that `ucal chat` makes for itself.
const chatChannel = "ucal chat"

func (c *command) chat() *cobra.Command {
	var url, token, name, data string
	cmd := &cobra.Command{
		Use:   "chat",
		Short: "Play a contact in the terminal",
		Long: "Plays a contact: what you type goes to ucal through the custom channel's webhook, what ucal sends comes back to a\n" +
			"small HTTP server of this command. Assignment and conversation status are shown as they change.\n" +
			"It uses a channel of its own, \"" + chatChannel + "\", and makes it when it does not exist.\n\n" +
			"Lines that begin with / are commands: /new starts as another contact, /close closes the conversation, /quit ends.",
		Example: "  ucal chat\n  ucal chat --as Ida\n  ucal chat --url http://localhost:9080 --token \"$UCAL_TOKEN\"",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.config()
			if err != nil {
				return err
			}
			if url == "" {
				url = cfg.URL
			}
			from := "--token"
			if token == "" {
				token, from = cfg.Token, "UCAL_TOKEN"
			}
			if data == "" {
				data = cfg.Data
			}
			if token == "" { // the token of `ucal dev` beside us
				raw, err := os.ReadFile(filepath.Join(data, "token"))
				if err != nil {
					return usageError{fmt.Errorf("no token: give --token or UCAL_TOKEN, or run beside the data folder of `ucal dev` (--data): %w", err)}
				}
				token, from = strings.TrimSpace(string(raw)), filepath.Join(data, "token")
			}
			s := &chat{cl: newClient(url, token), tokenFrom: from, in: c.in, out: c.out, name: name}
			return s.run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&url, "url", "", "address of ucal (UCAL_URL, default http://localhost:8080)")
	cmd.Flags().StringVar(&token, "token", "", "workspace token (UCAL_TOKEN, default: that of ucal dev in the data folder)")
	cmd.Flags().StringVar(&data, "data", "", "data folder of ucal dev, to find its token (UCAL_DATA)")
	cmd.Flags().StringVar(&name, "as", "Ida", "first name of the contact")
	return cmd
}

// chat is one session of a contact.
type chat struct {
	cl        *apiClient
	tokenFrom string // for errors
	in        io.Reader
	out       io.Writer
	name      string

	mu        sync.Mutex
	seen      map[string]string // idempotency key → message id
	contact   string            // external id
	id        int64             // contact id, 0 until known
	channelID string
	secret    string
	sent      int
	assignee  string
	status    string
}

func (s *chat) run(ctx context.Context) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = srv.Serve(ln) }()
	defer srv.Close()
	if err := s.connect(ctx, "http://"+ln.Addr().String()); err != nil {
		return err
	}
	s.anew()
	s.print("you write as %s. Type a message; /new, /close, /quit", s.name)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go s.watch(ctx)
	lines := make(chan string)
	go func() {
		defer close(lines)
		for sc := bufio.NewScanner(s.in); sc.Scan(); {
			lines <- sc.Text()
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case line, ok := <-lines:
			if !ok || strings.TrimSpace(line) == "/quit" {
				return nil
			}
			if err := s.line(ctx, strings.TrimSpace(line)); err != nil {
				s.print("! %s", err)
			}
		}
	}
}

// connect points a channel at this command and takes a new token. A second
// `ucal chat` beside this one has the channel "ucal chat 2".
func (s *chat) connect(ctx context.Context, base string) error {
	name := chatChannel
	for n := 2; ; n++ {
		busy, err := s.busy(ctx, name)
		if statusOf(err) == http.StatusUnauthorized {
			return fmt.Errorf("%w (the token comes from %s)", err, s.tokenFrom)
		}
		if err != nil {
			return err
		}
		if !busy {
			break
		}
		name = fmt.Sprintf("%s %d", chatChannel, n)
	}
	ch, err := ensureChannel(ctx, s.cl, name, base)
	s.channelID, s.secret = ch.ChannelID, ch.APIToken
	return err
}

// busy says whether somebody listens where a channel sends to.
func (s *chat) busy(ctx context.Context, name string) (bool, error) {
	id, err := find(ctx, s.cl, "/space/channel", "name", name)
	if err != nil || id == 0 {
		return false, err
	}
	var ch struct {
		Config struct{ APIBaseURL string }
	}
	if err := s.cl.call(ctx, "GET", fmt.Sprintf("/space/channel/%d", id), nil, &ch); err != nil {
		return false, err
	}
	conn, err := net.DialTimeout("tcp", strings.TrimPrefix(ch.Config.APIBaseURL, "http://"), time.Second)
	if err != nil {
		return false, nil
	}
	return true, conn.Close()
}

// anew begins as a contact that has never written.
func (s *chat) anew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.contact = fmt.Sprintf("%s_%d", slug(s.name), time.Now().UnixMilli())
	s.id, s.assignee, s.status = 0, "", ""
}

func slug(name string) string {
	s := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
	return s[:min(len(s), 20)]
}

func (s *chat) line(ctx context.Context, text string) error {
	switch {
	case text == "":
		return nil
	case text == "/new":
		s.anew()
		s.print("you are a new contact now")
		return nil
	case text == "/close":
		s.mu.Lock()
		id := s.id
		s.mu.Unlock()
		if id == 0 {
			return errors.New("write something first")
		}
		return s.cl.call(ctx, "POST", fmt.Sprintf("/contact/id:%d/conversation/status", id), map[string]any{"status": "close"}, nil)
	case strings.HasPrefix(text, "/"):
		return fmt.Errorf("%q is no command; there are /new, /close and /quit", text)
	}
	return s.write(ctx, text)
}

// write sends one message through the webhook, as an integration does.
func (s *chat) write(ctx context.Context, text string) error {
	s.mu.Lock()
	s.sent++
	body, err := json.Marshal(map[string]any{"channelId": s.channelID, "contactId": s.contact, "contact": map[string]any{"firstName": s.name, "email": address(s.contact)},
		"events": []any{map[string]any{"type": "message", "mId": fmt.Sprintf("%s_%d", s.contact, s.sent), "timestamp": time.Now().UnixMilli(),
			"message": map[string]any{"type": "text", "text": text}}}})
	s.mu.Unlock()
	if err != nil {
		return err
	}
	_, err = s.cl.once(ctx, http.MethodPost, s.cl.url+"/custom/channel/webhook", s.secret, body, nil)
	return err
}

// ServeHTTP receives what ucal sends to the contact.
func (s *chat) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var call phoneCall
	w.Header().Set("Content-Type", "application/json")
	if r.Header.Get("Authorization") != "Bearer "+s.secret {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&call); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	key := r.Header.Get("Idempotency-Key")
	s.mu.Lock()
	id, again := s.seen[key]
	mine := call.ContactID == s.contact
	if !again {
		if s.seen == nil {
			s.seen = map[string]string{}
		}
		id = "chat-" + key
		s.seen[key] = id
	}
	s.mu.Unlock()
	if mine && !again {
		s.print("ucal: %s", plain(call.Message))
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"mId": id})
}

// watch shows changes of assignee and status.
func (s *chat) watch(ctx context.Context) {
	tick := time.NewTicker(400 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.look(ctx)
		}
	}
}

func (s *chat) look(ctx context.Context) {
	s.mu.Lock()
	external, id, sent := s.contact, s.id, s.sent
	s.mu.Unlock()
	if sent == 0 {
		return
	}
	if id == 0 {
		id = s.find(ctx, external)
	}
	var c struct {
		Status   string
		Assignee *struct{ FirstName, LastName string }
	}
	if id == 0 || s.cl.call(ctx, "GET", fmt.Sprintf("/contact/id:%d", id), nil, &c) != nil {
		return
	}
	who := ""
	if c.Assignee != nil {
		who = strings.TrimSpace(c.Assignee.FirstName + " " + c.Assignee.LastName)
	}
	s.mu.Lock()
	if s.contact != external {
		s.mu.Unlock()
		return
	}
	oldWho, oldStatus := s.assignee, s.status
	s.id, s.assignee, s.status = id, who, c.Status
	s.mu.Unlock()
	if c.Status != oldStatus {
		s.print("· conversation is %s", strings.Replace(c.Status, "close", "closed", 1))
	}
	if who != oldWho {
		if who == "" {
			s.print("· assigned to nobody")
		} else {
			s.print("· assigned to %s", who)
		}
	}
}

// find looks the contact up by the address that this command gave it; 0 when
// it is not there yet.
func (s *chat) find(ctx context.Context, external string) int64 {
	var c struct{ ID int64 }
	if s.cl.call(ctx, "GET", "/contact/email:"+address(external), nil, &c) != nil {
		return 0
	}
	return c.ID
}

func address(external string) string { return external + "@chat.example" }

func (s *chat) print(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, format+"\n", args...)
}
