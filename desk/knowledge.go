package desk

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"

	"ucal/channel"
	"ucal/internal/document"
	"ucal/store"
)

// KnowledgeSource is a text from which an AI Agent may answer: an uploaded file,
// a web page, or a text.
type KnowledgeSource struct {
	ID          int64
	WorkspaceID int64
	Name        string
	NameKey     string
	Kind        KnowledgeKind
	URL         string
	FileName    string
	Text        string // the whole text, once it is known
	State       KnowledgeState
	StateReason string // why it failed, or why the last attempt did
	Attempts    int    // to fetch it
	NotBefore   int64  // the next attempt; while one goes on: when it counts as dead
	CreatedAt   int64  `gorm:"autoCreateTime:false"`
	UpdatedAt   int64  `gorm:"autoUpdateTime:false"`
}

// KnowledgeKind is where the text of a source comes from.
type KnowledgeKind string

// The kinds of knowledge sources.
const (
	KnowledgeFile KnowledgeKind = "file"
	KnowledgeURL  KnowledgeKind = "url"
	KnowledgeText KnowledgeKind = "text"
)

// KnowledgeState says whether a source can be searched.
type KnowledgeState string

// The states of a knowledge source.
const (
	KnowledgePending KnowledgeState = "pending"
	KnowledgeReady   KnowledgeState = "ready"
	KnowledgeFailed  KnowledgeState = "failed"
)

// Limits of knowledge.
const (
	MaxSources       = 200
	MaxSourceName    = 100
	MaxKnowledgeFile = 700 << 10 // bytes: as base64 it fits a request
	maxKnowledgeURL  = 2048
)

// KnowledgeInput is a new source. Of URL, Text and FileName with Content the one
// that belongs to its kind is set.
type KnowledgeInput struct {
	Kind     KnowledgeKind
	Name     string
	URL      string
	Text     string
	FileName string
	Content  string // of the file, as base64
}

// KnowledgeSources lists the sources, without their texts.
func (d *Desk) KnowledgeSources(ctx context.Context, p Principal, page Page) (List[KnowledgeSource], error) {
	var out List[KnowledgeSource]
	err := d.read(ctx, p, func(t *txn) (err error) {
		out, err = list(t.db.Omit("text").Where("workspace_id = ?", t.wsID), page, oldestFirst(), func(x *KnowledgeSource) int64 { return x.ID })
		return err
	})
	return out, err
}

// CreateKnowledge adds a source. Texts and files can be searched when it returns;
// a file that cannot be read is kept as failed, with the reason. Web pages are
// fetched by the worker.
func (d *Desk) CreateKnowledge(ctx context.Context, p Principal, in KnowledgeInput) (*KnowledgeSource, error) {
	src, err := d.newSource(in)
	if err != nil {
		return nil, err
	}
	// Reading and cutting take their time: not while the database waits.
	var chunks []KnowledgeChunk
	if src.State == KnowledgeReady {
		chunks = chunksOf(src.Name, "", src.Text)
	}
	err = d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		src.ID, src.WorkspaceID, src.CreatedAt, src.UpdatedAt, src.NotBefore = 0, t.wsID, t.at, t.at, t.at
		if err := room(t.db.Model(&KnowledgeSource{}).Where("workspace_id = ?", t.wsID), "knowledge sources", MaxSources); err != nil {
			return err
		}
		err := t.db.Create(src).Error
		if store.IsDuplicate(err) {
			return refuse(Conflict, "already_exists", "a knowledge source named %q exists already", clip(src.Name))
		}
		if err != nil {
			return err
		}
		return t.index(chunks, src.ID, 0)
	})
	return src, err
}

// newSource checks a new source and reads the text of a file.
func (d *Desk) newSource(in KnowledgeInput) (*KnowledgeSource, error) {
	var f faults
	src := &KnowledgeSource{Name: f.text("name", in.Name, 1, MaxSourceName), Kind: in.Kind, State: KnowledgeReady}
	src.NameKey = fold(src.Name)
	for _, field := range []struct {
		path, value string
		kind        KnowledgeKind
	}{{"url", in.URL, KnowledgeURL}, {"text", in.Text, KnowledgeText}, {"fileName", in.FileName, KnowledgeFile}, {"content", in.Content, KnowledgeFile}} {
		switch {
		case field.kind == in.Kind && strings.TrimSpace(field.value) == "":
			f.bad(field.path, "is missing or blank; a source of kind %s has one", in.Kind)
		case field.kind != in.Kind && field.value != "":
			f.bad(field.path, "belongs to a source of kind %s", field.kind)
		}
	}
	switch in.Kind {
	case KnowledgeURL:
		src.URL, src.State = f.webAddress("url", in.URL, d.CheckURL), KnowledgePending
	case KnowledgeText:
		src.Text = f.text("text", in.Text, 0, document.MaxText)
	case KnowledgeFile:
		src.FileName = f.text("fileName", in.FileName, 0, 255)
		f.readFile(src, in.Content, d.ReadDocument)
	default:
		f.bad("kind", "%q is not known; use file, url or text", clip(string(in.Kind)))
	}
	return src, f.err()
}

// readFile puts the text of a file into a source, or the reason why there is none.
func (f *faults) readFile(src *KnowledgeSource, content string, read func(name, mediaType string, content []byte) (string, error)) {
	raw, err := base64.StdEncoding.DecodeString(content)
	switch {
	case err != nil:
		f.bad("content", "is not base64")
		return
	case len(raw) > MaxKnowledgeFile:
		f.bad("content", "has %d bytes, at most %d are allowed; split the file", len(raw), MaxKnowledgeFile)
		return
	case len(*f) > 0 || len(raw) == 0:
		return
	}
	text, err := read(src.FileName, "", raw)
	if errors.Is(err, document.ErrType) {
		f.bad("content", "cannot be used: %v", err)
		return
	}
	src.settle(text, err)
}

// settle gives a source its text, or the reason why it has none.
func (s *KnowledgeSource) settle(text string, err error) {
	s.State, s.StateReason, s.Text = KnowledgeReady, "", channel.CleanText(text)
	if err == nil && s.Text == "" {
		err = errors.New("there is no text in it")
	}
	if err != nil {
		s.State, s.StateReason, s.Text = KnowledgeFailed, shortReason(err.Error()), ""
	}
}

// shortReason keeps the reasons of other systems short.
func shortReason(s string) string {
	s = channel.CleanText(s)
	if r := []rune(s); len(r) > 300 {
		return string(r[:300]) + "…"
	}
	return s
}

// webAddress checks the address of a web page. What may be called is asked of
// check here, if there is one, and again of the address that the name leads to
// when the page is fetched.
func (f *faults) webAddress(path, s string, check func(raw string) error) string {
	u, err := url.Parse(s)
	switch {
	case s == "":
	case len(s) > maxKnowledgeURL:
		f.bad(path, "has %d characters, at most %d are allowed", len(s), maxKnowledgeURL)
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		f.bad(path, "is no address of a web page; write it as https://www.example.com/help")
	case u.User != nil:
		f.bad(path, "has credentials before the host; leave them out")
	case check != nil:
		if err := check(s); err != nil {
			f.bad(path, "cannot be fetched: %v; the operator can allow its network with UCAL_ALLOW_PRIVATE_NETWORKS", err)
		}
	}
	return s
}

// DeleteKnowledge deletes a source with its passages. A workflow that uses it goes
// on without them.
func (d *Desk) DeleteKnowledge(ctx context.Context, p Principal, id int64) error {
	return d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		src, err := first[KnowledgeSource](store.ForUpdate(t.db).Select("id").Where("workspace_id = ? AND id = ?", t.wsID, id))
		if err != nil {
			return err
		}
		if src == nil {
			return notFound("knowledge source", id)
		}
		if err := t.index(nil, id, 0); err != nil {
			return err
		}
		return t.db.Delete(src).Error
	})
}
