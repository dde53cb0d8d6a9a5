package config

import "fmt"

// checkLimits says what is wrong with the limits and retentions of workflows.
func (c *Config) checkLimits() (errs []error) {
	for _, limit := range []struct {
		name  string
		value int
	}{
		{"UCAL_MAX_WORKFLOWS", c.MaxWorkflows}, {"UCAL_STARTS_PER_HOUR", c.StartsPerHour},
		{"UCAL_STEP_LOG_DAYS", c.StepLogDays}, {"UCAL_DECISION_DAYS", c.DecisionDays},
	} {
		if limit.value < 1 {
			errs = append(errs, fmt.Errorf("%s: %d is below 1", limit.name, limit.value))
		}
	}
	return errs
}
