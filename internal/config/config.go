// Package config is the configuration of ucal: one struct that feeds the
// environment, the checks, the flags of `ucal dev` and the table in the docs.
// It imports nothing of ours.
package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Config is the configuration of one process. The field tags are its
// documentation: name, default, meaning.
type Config struct {
	DatabaseURL   string `env:"UCAL_DATABASE_URL" doc:"Where ucal keeps its data: postgres://user:password@host:5432/ucal, or sqlite:/path/ucal.db on one machine." secret:"true"`
	EncryptionKey string `env:"UCAL_ENCRYPTION_KEY" doc:"32 random bytes in base64 (openssl rand -base64 32). Several, separated by commas, while keys are rotated; the first one seals." secret:"true"`
	Listen        string `env:"UCAL_LISTEN" envDefault:":8080" doc:"Address of the API."`
	PublicURL     string `env:"UCAL_PUBLIC_URL" doc:"Address under which channels reach the API, for example https://desk.example.com. Default: http://localhost and the port."`

	TemporalAddress   string `env:"UCAL_TEMPORAL_ADDRESS" envDefault:"localhost:7233" doc:"Temporal frontend, host:port."`
	TemporalNamespace string `env:"UCAL_TEMPORAL_NAMESPACE" envDefault:"default" doc:"Temporal namespace."`
	TemporalTLS       bool   `env:"UCAL_TEMPORAL_TLS" envDefault:"false" doc:"Talk TLS to Temporal."`
	TemporalTLSCA     string `env:"UCAL_TEMPORAL_TLS_CA" doc:"File with the certificate authority of Temporal's certificate; default: the system's."`
	TemporalTLSCert   string `env:"UCAL_TEMPORAL_TLS_CERT" doc:"File with our client certificate."`
	TemporalTLSKey    string `env:"UCAL_TEMPORAL_TLS_KEY" doc:"File with the key of our client certificate."`
	TemporalAPIKey    string `env:"UCAL_TEMPORAL_API_KEY" doc:"API key for Temporal; implies TLS." secret:"true"`

	AllowPrivateNetworks []string `env:"UCAL_ALLOW_PRIVATE_NETWORKS" doc:"Networks in CIDR form that channels, HTTP requests of workflows and webhooks may reach although they are not public, for example 10.1.0.0/16,127.0.0.0/8."`
	APIRateLimit         int      `env:"UCAL_API_RATE_LIMIT" envDefault:"5" doc:"Requests a second per token and endpoint; 0 = no limit."`
	ChannelRateLimit     int      `env:"UCAL_CHANNEL_RATE_LIMIT" envDefault:"-1" doc:"Messages a second per channel and direction; -1 = as the channel says, 0 = no limit."`

	MaxWorkflows  int `env:"UCAL_MAX_WORKFLOWS" envDefault:"100" doc:"Workflows of one workspace, in all states."`
	StartsPerHour int `env:"UCAL_STARTS_PER_HOUR" envDefault:"60" doc:"Starts of one workflow for one contact in an hour; what is over is dropped, and the workflow shows a warning."`
	StepLogDays   int `env:"UCAL_STEP_LOG_DAYS" envDefault:"90" doc:"Days for which the step log of a run is kept after its end. Runs themselves are kept for ever."`
	DecisionDays  int `env:"UCAL_DECISION_DAYS" envDefault:"30" doc:"Days for which it is kept why workflows did or did not start."`

	GoogleSheetsEndpoint string `env:"UCAL_GOOGLE_SHEETS_ENDPOINT" doc:"Address of the Google Sheets API, where a proxy or a test stands in for Google's. Default: https://sheets.googleapis.com."`

	AIProvider  string        `env:"UCAL_AI_PROVIDER" doc:"Language model for workspaces that have connected none: openai, anthropic, or compatible for other servers that speak OpenAI's format, such as Ollama."`
	AIBaseURL   string        `env:"UCAL_AI_BASE_URL" doc:"Address of the language model, for example http://localhost:11434/v1; it may lie in a private network. Default: the provider's own."`
	AIAPIKey    string        `env:"UCAL_AI_API_KEY" doc:"API key for the language model; compatible servers may need none." secret:"true"`
	AIModel     string        `env:"UCAL_AI_MODEL" doc:"Name of the language model at its provider."`
	AIMaxTurns  int           `env:"UCAL_AI_MAX_TURNS" envDefault:"30" doc:"Turns that AI Agents may take in one run."`
	AIMaxTokens int           `env:"UCAL_AI_MAX_TOKENS" envDefault:"100000" doc:"Tokens that AI Agents may use in one run, read and written."`
	AIMaxTime   time.Duration `env:"UCAL_AI_MAX_TIME" envDefault:"24h" doc:"How long an AI Agent may talk, from its first turn."`

	LogLevel  string `env:"UCAL_LOG_LEVEL" envDefault:"info" doc:"debug, info, warn or error."`
	LogFormat string `env:"UCAL_LOG_FORMAT" envDefault:"json" doc:"json or text."`

	Data           string `env:"UCAL_DATA" envDefault:"./data" doc:"ucal dev: folder of both databases."`
	Port           int    `env:"UCAL_PORT" envDefault:"8080" doc:"ucal dev: port of the API."`
	TemporalPort   int    `env:"UCAL_TEMPORAL_PORT" envDefault:"7233" doc:"ucal dev: port of the embedded Temporal."`
	TemporalUIPort int    `env:"UCAL_TEMPORAL_UI_PORT" envDefault:"8233" doc:"ucal dev: port of the Temporal UI."`
	Token          string `env:"UCAL_TOKEN" doc:"ucal dev: workspace token to accept; default: made once and kept in the data folder. Commands that talk to a server: the token to use." secret:"true"`
	Fresh          bool   `env:"UCAL_FRESH" envDefault:"false" doc:"ucal dev: empty workspace, no demo."`
	URL            string `env:"UCAL_URL" envDefault:"http://localhost:8080" doc:"Commands that talk to a server: its address."`
}

// Load reads the configuration from an environment such as os.Environ(). A
// variable NAME_FILE gives the value of NAME by a file, for secrets. Warnings
// name UCAL_ variables that do not exist.
func Load(environ []string) (Config, []string, error) {
	vars := map[string]string{}
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		vars[name] = value
	}
	known := names()
	var warnings []string
	var errs []error
	for name := range vars {
		base, isFile := strings.CutSuffix(name, "_FILE")
		switch {
		case !strings.HasPrefix(name, "UCAL_"), strings.HasPrefix(name, "UCAL_TEST_"), slices.Contains(known, name):
		case isFile && slices.Contains(known, base):
			raw, err := os.ReadFile(vars[name])
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
				continue
			}
			vars[base] = strings.TrimSpace(string(raw))
		default:
			warnings = append(warnings, fmt.Sprintf("%s is set but ucal has no such setting; see `ucal help environment`", name))
		}
	}
	slices.Sort(warnings)
	var c Config
	if err := env.ParseWithOptions(&c, env.Options{Environment: vars}); err != nil {
		errs = append(errs, fmt.Errorf("environment: %w", err))
	}
	return c, warnings, errors.Join(errs...)
}

// Check says everything that is wrong for a process that serves a workspace:
// api, worker or migrate.
func (c *Config) Check() error {
	var errs []error
	bad := func(name, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", name, fmt.Sprintf(format, args...)))
	}
	if c.DatabaseURL == "" {
		bad("UCAL_DATABASE_URL", "is not set; give postgres://user:password@host:5432/ucal")
	}
	if c.EncryptionKey == "" {
		bad("UCAL_ENCRYPTION_KEY", "is not set; make one with `openssl rand -base64 32` and keep it: without it stored credentials cannot be read")
	} else {
		for _, k := range strings.Split(c.EncryptionKey, ",") {
			if raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(k)); err != nil || len(raw) != 32 {
				bad("UCAL_ENCRYPTION_KEY", "is not 32 bytes in base64; make one with `openssl rand -base64 32`")
			}
		}
	}
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		bad("UCAL_PUBLIC_URL", "%q is not an http or https address", c.PublicURL)
	}
	if _, err := c.Networks(); err != nil {
		errs = append(errs, err)
	}
	if u, err := url.Parse(c.GoogleSheetsEndpoint); c.GoogleSheetsEndpoint != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		bad("UCAL_GOOGLE_SHEETS_ENDPOINT", "%q is not an http or https address", c.GoogleSheetsEndpoint)
	}
	errs = append(errs, c.checkAI()...)
	errs = append(errs, c.checkLimits()...)
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel) {
		bad("UCAL_LOG_LEVEL", "%q is not debug, info, warn or error", c.LogLevel)
	}
	if c.LogFormat != "json" && c.LogFormat != "text" {
		bad("UCAL_LOG_FORMAT", "%q is not json or text", c.LogFormat)
	}
	if c.APIRateLimit < 0 {
		bad("UCAL_API_RATE_LIMIT", "%d is negative; 0 switches the limit off", c.APIRateLimit)
	}
	if c.ChannelRateLimit < -1 {
		bad("UCAL_CHANNEL_RATE_LIMIT", "%d is below -1; 0 switches the limit off", c.ChannelRateLimit)
	}
	if (c.TemporalTLSCert == "") != (c.TemporalTLSKey == "") {
		bad("UCAL_TEMPORAL_TLS_CERT", "needs UCAL_TEMPORAL_TLS_KEY, and the other way round")
	}
	return errors.Join(errs...)
}

// Networks are the allowed private networks.
func (c *Config) Networks() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range c.AllowPrivateNetworks {
		p, err := netip.ParsePrefix(strings.TrimSpace(s))
		if err != nil {
			return nil, fmt.Errorf("UCAL_ALLOW_PRIVATE_NETWORKS: %q is not a network in CIDR form such as 10.1.0.0/16", s)
		}
		out = append(out, p)
	}
	return out, nil
}

// Setting is one row of the configuration table.
type Setting struct {
	Name, Default, Doc string
	Secret             bool
}

// Settings lists every setting in the order of the struct.
func Settings() []Setting {
	t := reflect.TypeFor[Config]()
	out := make([]Setting, 0, t.NumField())
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		out = append(out, Setting{tag.Get("env"), tag.Get("envDefault"), tag.Get("doc"), tag.Get("secret") == "true"})
	}
	return out
}

func names() []string {
	var out []string
	for _, s := range Settings() {
		out = append(out, s.Name)
	}
	return out
}
