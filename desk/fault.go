package desk

import (
	"fmt"
	"strings"

	"ucal/channel"
)

// faults collects everything that is wrong with a request.
type faults []channel.Detail

// bad notes one wrong value; the message goes on after the path.
func (f *faults) bad(path, format string, args ...any) {
	*f = append(*f, channel.Detail{Path: path, Error: channel.DetailInvalid, Message: fmt.Sprintf(format, args...)})
}

// err is the refusal with all of them; nil when there are none. Its word is the
// first code that says more than invalid_argument.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	e := &Error{Code: Invalid, Word: channel.DetailInvalid, Details: f}
	texts := make([]string, len(f))
	for i, d := range f {
		texts[i] = strings.TrimSpace(d.Path + " " + d.Message)
		if e.Word == channel.DetailInvalid {
			e.Word = d.Error
		}
	}
	e.Message = strings.Join(texts, "; ")
	return e
}
