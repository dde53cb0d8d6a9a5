package desk

import (
	"encoding/json"
	"errors"
	"fmt"

	"ucal/flow"
)

// WorkflowState is the state of a workflow.
type WorkflowState string

// The states of a workflow.
const (
	Draft     WorkflowState = "draft"
	Published WorkflowState = "published"
	Stopped   WorkflowState = "stopped"
)

// Workflow is a named definition: one editable draft and its published versions.
type Workflow struct {
	ID               int64
	WorkspaceID      int64
	Slug             string
	Name             string
	Description      string
	State            WorkflowState
	Revision         int64
	TriggerType      flow.TriggerType
	Draft            string // JSON of flow.Definition
	DraftHash        string
	VersionID        int64
	Version          int64
	VersionHash      string
	PublishedTrigger flow.TriggerType // of the newest version while published, else ""
	FirstPublishedAt int64
	LastPublishedAt  int64
	LastPublishedBy  Actor `gorm:"serializer:json"`
	CreatedAt        int64 `gorm:"autoCreateTime:false"`
	CreatedBy        Actor `gorm:"serializer:json"`
	UpdatedAt        int64 `gorm:"autoUpdateTime:false"`
	DeletedAt        int64
	HookHash         string // of the Incoming Webhook address; "" = it has none
	HookToken        string // sealed
	HookSecret       string // sealed; "" = none is asked for
}

// WorkflowVersion is an immutable published snapshot.
type WorkflowVersion struct {
	ID          int64
	WorkspaceID int64
	WorkflowID  int64
	Version     int64
	Definition  string
	Hash        string
	StepCount   int64
	PublishedAt int64
	PublishedBy Actor `gorm:"serializer:json"`
}

// definition returns a published version's definition; versions never change,
// so each is read once.
func (t *txn) definition(versionID int64) (*flow.Definition, error) {
	d := t.Desk
	d.mu.Lock()
	def := d.versions[versionID]
	d.mu.Unlock()
	if def != nil {
		return def, nil
	}
	var v WorkflowVersion
	if err := t.db.Take(&v, versionID).Error; err != nil {
		return nil, fmt.Errorf("workflow version %d: %w", versionID, err)
	}
	def, err := decode(v.Definition)
	if err != nil {
		return nil, fmt.Errorf("workflow version %d: %w: %w", versionID, errUnreadable, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.versions) >= maxCachedVersions {
		clear(d.versions)
	}
	d.versions[versionID] = def
	return def, nil
}

const maxCachedVersions = 1000

// errUnreadable is a version that this program does not understand: it was
// stored by a newer one.
var errUnreadable = errors.New("the stored version cannot be read")

func decode(stored string) (*flow.Definition, error) {
	def := &flow.Definition{}
	if err := json.Unmarshal([]byte(stored), def); err != nil {
		return nil, fmt.Errorf("stored definition: %w", err)
	}
	return def, nil
}
