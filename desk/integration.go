package desk

import (
	"encoding/json"
	"fmt"

	"ucal/flow"
)

// Integration is the workspace's connection to an outside service.
type Integration struct {
	WorkspaceID  int64        `gorm:"primaryKey;autoIncrement:false"`
	Kind         flow.Service `gorm:"primaryKey"`
	Config       string       // sealed JSON
	Status       IntegrationStatus
	StatusReason string
	UpdatedAt    int64 `gorm:"autoUpdateTime:false"`
}

// IntegrationStatus says whether a connection works.
type IntegrationStatus string

// The states of an integration. Error means that the service refused the
// credentials; the connection is tried on all the same.
const (
	IntegrationConnected IntegrationStatus = "connected"
	IntegrationError     IntegrationStatus = "error"
	IntegrationOff       IntegrationStatus = "off"
)

// SheetsConfig is the configuration of google_sheets: a service account, or the
// account of a person by OAuth.
type SheetsConfig struct {
	ServiceAccountJSON string `json:"serviceAccountJson,omitempty"` // the whole key file that Google gives out
	ClientID           string `json:"clientId,omitempty"`
	ClientSecret       string `json:"clientSecret,omitempty"`
	RefreshToken       string `json:"refreshToken,omitempty"`
	Endpoint           string `json:"endpoint,omitempty"` // of the Sheets API; "" = Google's, or what the operator has set
	TokenURL           string `json:"tokenUrl,omitempty"` // "" = the one in the service account, else Google's
}

// ModelConfig is the configuration of llm.
type ModelConfig struct {
	Provider        string `json:"provider"`                  // openai, anthropic, compatible
	BaseURL         string `json:"baseUrl,omitempty"`         // "" = the provider's own; required for compatible
	APIKey          string `json:"apiKey,omitempty"`          // may be empty for compatible only
	Model           string `json:"model"`                     // as the provider names it
	MaxTokensPerDay int64  `json:"maxTokensPerDay,omitempty"` // of the workspace, UTC days; 0 = no limit
	MaxOutputTokens int    `json:"maxOutputTokens,omitempty"` // of one answer; 0 = the default
}

// The providers of language models.
const (
	ProviderOpenAI     = "openai"
	ProviderAnthropic  = "anthropic"
	ProviderCompatible = "compatible"
)

// integration reads the configuration of a service into a *SheetsConfig or a
// *ModelConfig; false when the workspace has not connected it.
func (t *txn) integration(kind flow.Service, into any) (bool, error) {
	row, err := first[Integration](t.db.Where("workspace_id = ? AND kind = ?", t.wsID, kind))
	if err != nil || row == nil || row.Status == IntegrationOff {
		return false, err
	}
	return true, t.openIntegration(row, into)
}

func (t *txn) openIntegration(row *Integration, into any) error {
	plain, err := t.Secrets.Open(row.Config)
	if err != nil {
		return fmt.Errorf("integration %s of workspace %d: %w", row.Kind, row.WorkspaceID, err)
	}
	if err := json.Unmarshal([]byte(plain), into); err != nil {
		return fmt.Errorf("integration %s of workspace %d: its stored configuration is not readable JSON", row.Kind, row.WorkspaceID) // the cause would show it
	}
	return nil
}
