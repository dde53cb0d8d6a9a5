package flow_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// specified are the codes of workflow specification 10.2 by severity. Codes are
// stable: one that is here may not go.
func specified() map[string]string {
	return map[string]string{
		"S": `file.syntax file.too_large file.format.unsupported file.key.unknown file.key.duplicate file.value.type
			workflow.id.invalid workflow.id.taken workflow.name.missing workflow.name.limit workflow.limit workflow.steps.missing workflow.steps.limit
			trigger.missing trigger.type.unknown trigger.config.missing trigger.config.invalid trigger.once.not_allowed
			condition.limit condition.category.unknown condition.operator.unknown condition.value.missing condition.value.invalid condition.regex.invalid
			step.id.missing step.id.invalid step.id.duplicate step.type.unknown step.config.missing step.config.unknown step.config.invalid
			step.config.not_allowed step.arm.unknown step.next.not_allowed step.target.unknown step.orphan step.parent.many step.cycle
			jump.limit jump.target duration.invalid duration.limit message.text.missing message.text.limit message.type.unsupported
			message.attachments.limit message.channel_response.duplicate question.options.limit question.options.length question.options.duplicate
			question.range question.save.tag question.retries.limit branch.limit branch.name.duplicate branch.name.reserved branch.conditions.missing
			assign.limit.invalid datetime.interval.invalid datetime.range.invalid datetime.timezone.unknown http.url.invalid http.url.refused
			http.headers.limit http.mapping.limit http.mapping.path reference.unknown reference.ambiguous target.not_manual target.step.unknown
			variable.name.invalid variable.name.reserved variable.limit variable.secret.not_allowed variable.secret.unknown
			parameter.missing parameter.unknown parameter.type`,
		"P": `workflow.loop target.not_published`,
		"W": `message.window.risk question.save.type variable.unknown sheets.not_connected ai.not_configured`,
	}
}

func TestCodesAreThoseOfTheSpecification(t *testing.T) {
	want := map[string]string{}
	for severity, codes := range specified() {
		for _, code := range strings.Fields(codes) {
			want[code] = severity
		}
	}
	got := map[string]string{}
	for _, c := range flow.Codes() {
		require.NotContains(t, got, c.Code, "twice")
		switch {
		case c.Publish:
			require.Equal(t, flow.SeverityError, c.Severity, c.Code)
			got[c.Code] = "P"
		case c.Severity == flow.SeverityError:
			got[c.Code] = "S"
		case c.Severity == flow.SeverityWarning:
			got[c.Code] = "W"
		}
	}
	require.Equal(t, want, got)
}

// A code that blocks Publish only is a warning until then; the others are the
// same at both stages.
func TestSeverityByStage(t *testing.T) {
	severities := func(file string, st flow.Stage) map[string]flow.Severity {
		def, _ := flow.Read([]byte(file))
		require.NotNil(t, def)
		out := map[string]flow.Severity{}
		for _, p := range flow.Check(def, office{}, st) {
			out[p.Code] = p.Severity
		}
		return out
	}
	for code, c := range smallest() {
		if strings.HasPrefix(code, "file.") {
			continue // some are read into nothing
		}
		t.Run(code, func(t *testing.T) {
			save, publish := severities(c.file, flow.Save), severities(c.file, flow.Publish)
			require.Contains(t, save, code)
			if code == "target.not_published" {
				require.Equal(t, flow.SeverityWarning, save[code])
				require.Equal(t, flow.SeverityError, publish[code])
				return
			}
			require.Equal(t, publish, save)
		})
	}
}
