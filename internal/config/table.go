package config

import (
	"fmt"
	"strings"
)

// Table is the reference page of all settings, in Markdown.
func Table() string {
	var b strings.Builder
	b.WriteString("# Configuration\n\nMade from `internal/config`; do not edit. `NAME_FILE` instead of `NAME` reads the value from a file.\n\n| name | default | meaning |\n|---|---|---|\n")
	for _, s := range Settings() {
		value := ""
		if s.Default != "" {
			value = "`" + s.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.Name, value, s.Doc)
	}
	return b.String()
}
