// Package apart reads PDFs in a process of its own. Their parser can be made to
// end its process: a file of a few hundred bytes has it ask for all memory there
// is, or follow a circle until the stack is full, and Go recovers from neither.
// Nobody's upload may take the API, or the runs of all workspaces, with it.
//
// It imports internal/document and nothing else of ours. Start reading at Reader.Read.
package apart

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"ucal/internal/document"
)

const (
	// patience is how long reading one file may take, its process' start included: document gives up sooner by itself.
	patience = 20 * time.Second
	// atOnce is how many files are read at the same time.
	atOnce = 2
	// maxAnswer is how many bytes of an answer are read: a text of document.MaxText characters, escaped.
	maxAnswer = 12 * document.MaxText
)

// Reader reads documents. It is safe for concurrent use.
type Reader struct {
	command []string
	slots   chan struct{}
}

// New makes a reader. command is the program, with its arguments, that calls
// Serve with its standard input and output.
func New(command ...string) *Reader { return &Reader{command, make(chan struct{}, atOnce)} }

// errDamaged is what is said of a file that has ended its process.
var errDamaged = errors.New("the PDF is damaged and cannot be read")

// request and answer are what the two processes tell each other, as JSON.
type request struct {
	Name      string `json:"name"`
	MediaType string `json:"mediaType"`
	Content   []byte `json:"content"`
}

type answer struct {
	Text  string `json:"text,omitempty"`
	Error string `json:"error,omitempty"`
}

// Read is document.Read. Everything but PDFs is read in this process.
func (r *Reader) Read(name, mediaType string, content []byte) (string, error) {
	if !document.IsPDF(name, mediaType, content) {
		return document.Read(name, mediaType, content)
	}
	r.slots <- struct{}{}
	defer func() { <-r.slots }()
	in, err := json.Marshal(request{name, mediaType, content})
	if err != nil {
		return "", fmt.Errorf("hand over a PDF: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out := &limited{left: maxAnswer}
	cmd := exec.CommandContext(ctx, r.command[0], r.command[1:]...)
	cmd.Env = []string{} // the environment holds keys, and the other process needs none of it
	cmd.Stdin, cmd.Stdout, cmd.WaitDelay = bytes.NewReader(in), out, time.Second
	if err := cmd.Start(); err != nil {
		return "", errors.New("it could not be read just now; try again")
	}
	var a answer
	if cmd.Wait() != nil || json.Unmarshal(out.Bytes(), &a) != nil {
		return "", errDamaged
	}
	if a.Error != "" {
		return "", errors.New(a.Error)
	}
	return a.Text, nil
}

// limited keeps so much and no more.
type limited struct {
	bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, io.ErrShortBuffer
	}
	return l.Buffer.Write(p)
}

// Serve is the other process: it reads one document and answers. It limits the
// memory of the process for good.
func Serve(in io.Reader, out io.Writer) error {
	limit()
	var r request
	if err := json.NewDecoder(in).Decode(&r); err != nil {
		return fmt.Errorf("read the document that is to be read: %w", err)
	}
	var a answer
	text, err := document.Read(r.Name, r.MediaType, r.Content)
	if a.Text = text; err != nil {
		a.Error = err.Error()
	}
	return json.NewEncoder(out).Encode(a)
}
