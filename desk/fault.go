package desk

import (
	"fmt"
	"strings"

	"ucal/channel"
)

// faults collects everything that is wrong with a request.
type faults []channel.Detail

func (f *faults) bad(path, format string, args ...any) {
	*f = append(*f, channel.Detail{Path: path, Error: channel.DetailInvalid, Message: fmt.Sprintf(format, args...)})
}

// err is the refusal with all of them; nil when there are none.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	e := &Error{Code: Invalid, Word: f[0].Error, Details: f}
	texts := make([]string, len(f))
	for i, d := range f {
		texts[i] = d.Message
		if d.Path != "" {
			texts[i] = d.Path + " " + d.Message
		}
	}
	e.Message = strings.Join(texts, "; ")
	return e
}
