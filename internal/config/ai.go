package config

import (
	"fmt"
	"net/url"
	"slices"
)

// checkAI says what is wrong with the operator's language model and its limits.
func (c *Config) checkAI() (errs []error) {
	bad := func(name, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", name, fmt.Sprintf(format, args...)))
	}
	u, err := url.Parse(c.AIBaseURL)
	switch {
	case c.AIProvider == "" && (c.AIBaseURL != "" || c.AIAPIKey != "" || c.AIModel != ""):
		bad("UCAL_AI_PROVIDER", "is not set although other settings of the language model are; give openai, anthropic or compatible")
	case c.AIProvider == "":
	case !slices.Contains([]string{"openai", "anthropic", "compatible"}, c.AIProvider):
		bad("UCAL_AI_PROVIDER", "%q is not openai, anthropic or compatible", c.AIProvider)
	default:
		if c.AIModel == "" {
			bad("UCAL_AI_MODEL", "is not set; give the name of the model at its provider")
		}
		if c.AIProvider != "compatible" && c.AIAPIKey == "" {
			bad("UCAL_AI_API_KEY", "is not set; %s takes no calls without a key", c.AIProvider)
		}
		if c.AIProvider == "compatible" && c.AIBaseURL == "" {
			bad("UCAL_AI_BASE_URL", "is not set; give the address of the server, for example http://localhost:11434/v1")
		}
	}
	if c.AIBaseURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		bad("UCAL_AI_BASE_URL", "is not an http or https address") // it may hold a password: it is not shown
	}
	if c.AIMaxTurns < 1 {
		bad("UCAL_AI_MAX_TURNS", "%d is below 1", c.AIMaxTurns)
	}
	if c.AIMaxTokens < 1 {
		bad("UCAL_AI_MAX_TOKENS", "%d is below 1", c.AIMaxTokens)
	}
	if c.AIMaxTime <= 0 {
		bad("UCAL_AI_MAX_TIME", "%s is not more than zero; write for example 24h", c.AIMaxTime)
	}
	return errs
}
