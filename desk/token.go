package desk

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"ucal/internal/secret"
)

// MaxTokens is how many API tokens a workspace may have.
const MaxTokens = 50

// TokenInput is a new API token.
type TokenInput struct {
	Name      string
	Role      Role   // default owner
	Source    Source // api (default), zapier, make, n8n
	UserID    int64  // the token acts as this user; 0 = plain
	ExpiresAt int64  // Unix milliseconds; 0 = never
	RateLimit *int   // requests a second and endpoint; 0 = no limit, nil = the deployment's
}

// CreateToken makes an API token. Its text is returned once; only its hash is stored.
func (d *Desk) CreateToken(ctx context.Context, p Principal, in TokenInput) (*Token, string, error) {
	if p.Role != Owner {
		return nil, "", forbidden("API tokens")
	}
	var tok *Token
	var text string
	err := d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		var err error
		tok, text, err = t.createToken(in)
		return err
	})
	return tok, text, err
}

func (t *txn) createToken(in TokenInput) (*Token, string, error) {
	var f faults
	tok := &Token{WorkspaceID: t.wsID, Name: f.text("name", in.Name, 1, 100), Role: in.Role, Source: in.Source, UserID: in.UserID,
		RateLimit: -1, ExpiresAt: in.ExpiresAt, CreatedAt: t.at}
	if tok.Role == "" {
		tok.Role = Owner
	}
	f.role("role", tok.Role)
	switch tok.Source {
	case "":
		tok.Source = SourceAPI
	case SourceAPI, SourceZapier, SourceMake, SourceN8N:
	default:
		f.bad("source", "%q is no source of a token; use api, zapier, make or n8n", clip(string(tok.Source)))
	}
	if in.RateLimit != nil {
		tok.RateLimit = *in.RateLimit
		if tok.RateLimit < 0 || tok.RateLimit > 10_000 {
			f.bad("rateLimit", "%d is outside 0…10000; 0 means no limit", tok.RateLimit)
		}
	}
	if in.ExpiresAt != 0 && in.ExpiresAt <= t.at {
		f.bad("expiresAt", "lies in the past")
	}
	if err := f.err(); err != nil {
		return nil, "", err
	}
	if in.UserID != 0 {
		if _, err := t.user(in.UserID); err != nil {
			return nil, "", err
		}
	}
	if err := room(t.db.Model(&Token{}).Where("workspace_id = ? AND revoked_at = 0", t.wsID), "API tokens", MaxTokens); err != nil {
		return nil, "", err
	}
	tok.Hash = secret.Token("new_", 16) // its own id is part of the text
	if err := t.db.Create(tok).Error; err != nil {
		return nil, "", err
	}
	text, err := t.Secrets.SignToken(secret.Claims{ID: tok.ID, SpaceID: t.wsID, OrgID: 1, Type: "workspace", IssueAt: t.at / 1000, JTI: secret.Token("", 16)})
	if err != nil {
		return nil, "", err
	}
	tok.Hash = secret.Hash(text)
	return tok, text, t.db.Model(tok).UpdateColumn("hash", tok.Hash).Error
}

// AdoptToken makes a given text an owner token of a workspace, unless it is one
// already: a development machine keeps its token over restarts.
func (d *Desk) AdoptToken(ctx context.Context, wsID int64, name, text string) error {
	if len(text) < 8 {
		return invalid("token", "the token has %d characters; choose at least 8", len(text))
	}
	defer d.recent.principals.clear()
	return d.write(ctx, wsID, system(), func(t *txn) error {
		old, err := first[Token](t.db.Where("hash = ?", secret.Hash(text)))
		if err != nil {
			return err
		}
		if old != nil && old.WorkspaceID != t.wsID {
			return refuse(Conflict, "already_exists", "this token belongs to another workspace; choose another one")
		}
		if old != nil {
			return t.db.Model(old).UpdateColumns(map[string]any{"revoked_at": 0, "expires_at": 0, "role": Owner}).Error
		}
		return t.db.Create(&Token{WorkspaceID: t.wsID, Name: name, Hash: secret.Hash(text), Role: Owner, Source: SourceAPI, RateLimit: -1, CreatedAt: t.at}).Error
	})
}

// RevokeToken ends a token; it is refused within 5 seconds everywhere.
func (d *Desk) RevokeToken(ctx context.Context, p Principal, id int64) error {
	if p.Role != Owner {
		return forbidden("API tokens")
	}
	defer d.recent.principals.clear()
	return d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		tok, err := take[Token](t, "token", id)
		if err != nil {
			return err
		}
		return t.db.Model(tok).UpdateColumn("revoked_at", t.at).Error
	})
}

// unauthorized is the one answer to every token that is not accepted.
func unauthorized() *Error {
	return refuse(Unauthorized, "unauthorized", "the token is missing, unknown, revoked or expired; send a workspace API token as Authorization: Bearer <token>")
}

func forbidden(power string) *Error {
	return refuse(Forbidden, "forbidden", "the token has not the power %q", power)
}

// Authenticate finds who calls with a workspace API token. actingUser, when not
// empty, is the id or e-mail address of the user for whom a plain owner token
// acts. The answer may be 3 seconds old.
func (d *Desk) Authenticate(ctx context.Context, token, actingUser string) (Principal, error) {
	if token == "" {
		return Principal{}, unauthorized()
	}
	hash, now := secret.Hash(token), d.millis()
	key := hash + " " + actingUser
	if p, ok := d.recent.principals.get(key, now); ok {
		return p, nil
	}
	p, until, err := d.authenticate(ctx, hash, actingUser)
	if err != nil {
		return Principal{}, err
	}
	if until == 0 || until > now+memoLife.Milliseconds() {
		d.recent.principals.put(key, p, now)
	}
	return p, nil
}

func (d *Desk) authenticate(ctx context.Context, hash, actingUser string) (p Principal, until int64, err error) {
	db := d.db.Read(ctx)
	tok, err := first[Token](db.Where("hash = ?", hash))
	switch {
	case err != nil:
		return p, 0, fmt.Errorf("look up a token: %w", err)
	case tok == nil || tok.RevokedAt != 0 || tok.ExpiresAt != 0 && tok.ExpiresAt <= d.millis():
		return p, 0, unauthorized()
	}
	p = Principal{WorkspaceID: tok.WorkspaceID, TokenID: tok.ID, Role: tok.Role, Source: tok.Source, RateLimit: tok.RateLimit}
	if actingUser != "" {
		if tok.Role != Owner || tok.UserID != 0 {
			return p, 0, refuse(Forbidden, "forbidden", "only an owner token that belongs to no user may send X-Acting-User")
		}
		u, err := findUser(db, tok.WorkspaceID, actingUser)
		if err != nil {
			return p, 0, err
		}
		if u == nil {
			return p, 0, invalid("X-Acting-User", "no active user %q in this workspace; send the id or e-mail address of one", clip(actingUser))
		}
		return p.as(u), tok.ExpiresAt, nil
	}
	if tok.UserID != 0 {
		u, err := findUser(db, tok.WorkspaceID, strconv.FormatInt(tok.UserID, 10))
		if err != nil {
			return p, 0, err
		}
		if u == nil {
			return p, 0, unauthorized()
		}
		p = p.as(u)
	}
	return p, tok.ExpiresAt, nil
}

// as is the principal acting for a user: their role and restrictions apply.
func (p Principal) as(u *User) Principal {
	p.Role, p.Source, p.UserID, p.UserName, p.TeamID, p.Limits = u.Role, SourceUser, u.ID, u.Name(), u.TeamID, u.Restrictions
	return p
}

// findUser finds an active user by id or e-mail address; nil when there is none.
func findUser(db *gorm.DB, wsID int64, who string) (*User, error) {
	q := db.Where("workspace_id = ? AND state = ?", wsID, UserActive)
	if id, err := strconv.ParseInt(who, 10, 64); err == nil {
		return first[User](q.Where("id = ?", id))
	}
	return first[User](q.Where("email = ?", strings.ToLower(strings.TrimSpace(who))))
}
