package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckAI(t *testing.T) {
	for name, tc := range map[string]struct {
		env  []string
		want []string // settings that are named
	}{
		"none":              {nil, nil},
		"openai":            {[]string{"UCAL_AI_PROVIDER=openai", "UCAL_AI_API_KEY=k", "UCAL_AI_MODEL=m"}, nil},
		"ollama":            {[]string{"UCAL_AI_PROVIDER=compatible", "UCAL_AI_BASE_URL=http://localhost:11434/v1", "UCAL_AI_MODEL=m", "UCAL_AI_MAX_TIME=90m"}, nil},
		"nothing but a key": {[]string{"UCAL_AI_API_KEY=k"}, []string{"UCAL_AI_PROVIDER"}},
		"unknown":           {[]string{"UCAL_AI_PROVIDER=oracle"}, []string{"UCAL_AI_PROVIDER"}},
		"half":              {[]string{"UCAL_AI_PROVIDER=anthropic"}, []string{"UCAL_AI_MODEL", "UCAL_AI_API_KEY"}},
		"no address":        {[]string{"UCAL_AI_PROVIDER=compatible", "UCAL_AI_MODEL=m"}, []string{"UCAL_AI_BASE_URL"}},
		"no such address":   {[]string{"UCAL_AI_PROVIDER=compatible", "UCAL_AI_MODEL=m", "UCAL_AI_BASE_URL=user:secret@host"}, []string{"UCAL_AI_BASE_URL"}},
		"limits":            {[]string{"UCAL_AI_MAX_TURNS=0", "UCAL_AI_MAX_TOKENS=-1", "UCAL_AI_MAX_TIME=0s"}, []string{"UCAL_AI_MAX_TURNS", "UCAL_AI_MAX_TOKENS", "UCAL_AI_MAX_TIME"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, _, err := Load(tc.env)
			require.NoError(t, err)
			errs := c.checkAI()
			require.Len(t, errs, len(tc.want))
			for i, err := range errs {
				require.ErrorContains(t, err, tc.want[i])
				require.NotContains(t, err.Error(), "secret")
			}
		})
	}
}
