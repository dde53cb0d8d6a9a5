// Package llm is the port to language models: one request, one reply. Its
// folders openai and anthropic speak the two wire formats; openai's also serves
// Ollama and other compatible servers by their base URL.
//
// It imports internal/httpx and nothing else of ours. There is one layer of
// retries and it is the caller's: an adapter makes one attempt and says by the
// class of its error what to think of it. Start reading at Model.
package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Model answers requests. It is safe for concurrent use.
type Model interface {
	// Complete makes one attempt. The error is an *Error; the reply beside it holds no
	// text, but the tokens that an answer of no use has cost.
	Complete(ctx context.Context, r Request) (Reply, error)
}

// Request is one call of a model.
type Request struct {
	System    string          // what the model is and must do
	Messages  []Message       // oldest first; the last one is the contact's
	Schema    json.RawMessage // JSON Schema of the answer; nil = free text
	Name      string          // of the schema: letters, digits and _
	MaxTokens int             // of the answer; 0 = DefaultMaxTokens
}

// DefaultMaxTokens is the length of an answer where a request names none.
const DefaultMaxTokens = 1024

// Role says whose words a message is.
type Role string

// The roles of messages.
const (
	User      Role = "user"      // the contact
	Assistant Role = "assistant" // the model itself
)

// Message is one turn of a conversation.
type Message struct {
	Role Role
	Text string
}

// Reply is what a model answered.
type Reply struct {
	Text      string // the answer; JSON that fits the schema when the request had one
	Model     string // as the provider names it
	TokensIn  int
	TokensOut int
	Truncated bool // the answer ended because of MaxTokens
}

// Class says what to think of an error.
type Class string

// The classes of errors.
const (
	Unavailable Class = "unavailable"  // network error, timeout, 5xx: call again later
	RateLimited Class = "rate_limited" // 429, 529: call again later, see RetryAfter
	Rejected    Class = "rejected"     // 400, 404, 413, 422, or an answer that is not what was asked for: the request is wrong
	Credentials Class = "credentials"  // 401, 403: the key is wrong or may not use the model
	Quota       Class = "quota"        // the provider's account is used up
)

// Error is why a call gave no reply. Message is for people and holds no credential.
type Error struct {
	Class      Class
	Status     int // of HTTP; 0 = there was no answer
	Message    string
	RetryAfter time.Duration // RateLimited, Unavailable: what the provider asks for; 0 = nothing
}

// Error names the class and the provider's words.
func (e *Error) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("language model %s (HTTP %d): %s", e.Class, e.Status, e.Message)
	}
	return fmt.Sprintf("language model %s: %s", e.Class, e.Message)
}

// Retryable reports whether the same call may succeed later.
func (e *Error) Retryable() bool { return e.Class == Unavailable || e.Class == RateLimited }

// AsError finds the *Error in err; any other error counts as unavailable.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Class: Unavailable, Message: err.Error()}
}
