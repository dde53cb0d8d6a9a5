package desk

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm/clause"
)

// Secret is a text that HTTP Requests may use as $secret.<name>. It is kept
// encrypted and never shown again.
type Secret struct {
	WorkspaceID int64  `gorm:"primaryKey;autoIncrement:false"`
	Name        string `gorm:"primaryKey"`
	Value       string // sealed
	UpdatedAt   int64  `gorm:"autoUpdateTime:false"`
}

// The limits of secrets.
const (
	MaxSecrets     = 100 // of a workspace
	MaxSecretValue = 10_000
)

// KeepSecret is the value that leaves a secret as it is.
const KeepSecret = "***"

var secretName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,49}$`)

// WorkspaceSecrets lists the secrets by name, without their values.
func (d *Desk) WorkspaceSecrets(ctx context.Context, p Principal) ([]Secret, error) {
	var rows []Secret
	err := d.read(ctx, p, func(t *txn) error {
		return t.db.Select("name", "updated_at").Where("workspace_id = ?", t.wsID).Order("name").Find(&rows).Error
	})
	return rows, err
}

// PutSecret adds or replaces a secret. Runs use it from their next request on.
func (d *Desk) PutSecret(ctx context.Context, p Principal, name, value string) error {
	value = strings.TrimSpace(value) // a line break comes along when a token is pasted
	var f faults
	if !secretName.MatchString(name) {
		f.bad("name", "%q is not the name of a secret; use a to z, 0 to 9 and _, beginning with a letter, at most 50 characters", clip(name))
	}
	switch n := utf8.RuneCountInString(value); {
	case n == 0:
		f.bad("value", "is missing or blank; to take the secret away delete it")
	case n > MaxSecretValue:
		f.bad("value", "has %d characters, at most %d are allowed", n, MaxSecretValue)
	}
	if err := f.err(); err != nil {
		return err
	}
	return d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		mine := t.db.Model(&Secret{}).Where("workspace_id = ?", t.wsID)
		old, err := first[Secret](t.db.Select("name").Where("workspace_id = ? AND name = ?", t.wsID, name))
		switch {
		case err != nil:
			return err
		case value == KeepSecret && old != nil:
			return nil
		case value == KeepSecret:
			return invalid("value", "*** keeps the value of a secret, and there is none named %q; write the value", name)
		case old == nil:
			if err := room(mine, "secrets", MaxSecrets); err != nil {
				return err
			}
		}
		return t.db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "workspace_id"}, {Name: "name"}}, DoUpdates: clause.AssignmentColumns([]string{"value", "updated_at"})}).
			Create(&Secret{WorkspaceID: t.wsID, Name: name, Value: t.Secrets.Seal(value), UpdatedAt: t.at}).Error
	})
}

// DeleteSecret takes a secret away. Workflows that use it show a problem, and
// their requests are sent with its name instead.
func (d *Desk) DeleteSecret(ctx context.Context, p Principal, name string) error {
	return d.write(ctx, p.WorkspaceID, p.Actor(), func(t *txn) error {
		res := t.db.Where("workspace_id = ? AND name = ?", t.wsID, name).Delete(&Secret{})
		if res.Error == nil && res.RowsAffected == 0 {
			return notFound("secret", quoted(name))
		}
		return res.Error
	})
}

// secrets looks up the values of secrets, each once. broken must be asked
// afterwards whether that worked.
func (t *txn) secrets() (find func(name string) (value string, ok bool), broken func() error) {
	var failed error
	seen := map[string]*string{}
	find = func(name string) (string, bool) {
		value, known := seen[name]
		if !known && secretName.MatchString(name) {
			var err error
			if value, err = t.secret(name); err != nil {
				failed = err
			}
		}
		if seen[name] = value; value == nil {
			return "", false
		}
		return *value, true
	}
	return find, func() error { return failed }
}

// secret is the value of a secret; nil when there is none of the name.
func (t *txn) secret(name string) (*string, error) {
	row, err := first[Secret](t.db.Where("workspace_id = ? AND name = ?", t.wsID, name))
	if err != nil || row == nil {
		return nil, err
	}
	value, err := t.Secrets.Open(row.Value)
	if err != nil {
		return nil, fmt.Errorf("secret %s: %w", name, err)
	}
	return &value, nil
}
