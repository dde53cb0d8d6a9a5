package desk

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ucal/flow"
)

// candidate is a member of a pool as an assignment sees them.
type candidate struct {
	id       int64
	name     string
	joinedAt int64 // of the pool
	status   Presence
	open     int64 // open contacts, without the one being assigned
	turn     int64 // when this step last served them; 0 = never
}

// cursor is the place of the user whom round robin served last.
type cursor struct {
	joinedAt int64
	userID   int64
}

// named is how many users a reason names before "and n more".
const named = 10

// pick chooses a user by the rules of the workflow specification 7.5. It is
// pure: members come in the order (joined the pool, user id). nil means that
// nobody is eligible; the reason then says why not.
func pick(rule flow.AssignTo, members []candidate, last cursor, lastName string, present int64) (*candidate, string) {
	if rule.KeepAssignee && present != 0 {
		for i := range members {
			if members[i].id == present && unfit(rule, members[i]) == "" {
				return &members[i], "kept: " + members[i].name + " is eligible"
			}
		}
	}
	if rule.Logic == flow.LeastOpen {
		return pickLeast(rule, members)
	}
	return pickNext(rule, members, last, lastName)
}

// pickNext walks from the one after the cursor, wraps around and takes the
// first eligible one.
func pickNext(rule flow.AssignTo, members []candidate, last cursor, lastName string) (*candidate, string) {
	begin := 0
	for begin < len(members) && cmp.Or(cmp.Compare(members[begin].joinedAt, last.joinedAt), cmp.Compare(members[begin].id, last.userID)) <= 0 {
		begin++
	}
	var skipped []string
	for i := range members {
		m := &members[(begin+i)%len(members)]
		why := unfit(rule, *m)
		if why == "" {
			reason := "round robin: first turn"
			if last.userID != 0 {
				reason = "round robin: next after " + lastName
			}
			return m, join(reason, skipText(skipped))
		}
		skipped = append(skipped, m.name+" skipped: "+why)
	}
	return nil, waiting(rule, members)
}

// pickLeast takes the fewest open contacts; ties go to the one least recently
// served by this step, then to the lowest id.
func pickLeast(rule flow.AssignTo, members []candidate) (*candidate, string) {
	var fit []*candidate
	var skipped []string
	for i := range members {
		if why := unfit(rule, members[i]); why != "" {
			skipped = append(skipped, members[i].name+" skipped: "+why)
			continue
		}
		fit = append(fit, &members[i])
	}
	if len(fit) == 0 {
		return nil, waiting(rule, members)
	}
	slices.SortFunc(fit, func(a, b *candidate) int {
		return cmp.Or(cmp.Compare(a.open, b.open), cmp.Compare(a.turn, b.turn), cmp.Compare(a.id, b.id))
	})
	loads := make([]string, len(fit))
	for i, m := range fit {
		loads[i] = fmt.Sprintf("%s %d", m.name, m.open)
	}
	return fit[0], join("least open contacts: "+listed(loads, ", "), skipText(skipped))
}

// unfit is why a member is not eligible; "" when they are.
func unfit(rule flow.AssignTo, m candidate) string {
	if rule.OnlyOnline && m.status != Online {
		return string(m.status)
	}
	if n := int64(rule.OpenContactsBelow); n > 0 && m.open >= n {
		return fmt.Sprintf("%d open, limit fewer than %d", m.open, n)
	}
	return ""
}

func waiting(rule flow.AssignTo, members []candidate) string {
	if len(members) == 0 {
		return "waiting: the pool has no members"
	}
	why := make([]string, len(members))
	for i, m := range members {
		why[i] = m.name + " " + unfit(rule, m)
	}
	return "waiting: " + listed(why, "; ")
}

func skipText(skipped []string) string { return listed(skipped, "; ") }

func join(reason, more string) string {
	if more == "" {
		return reason
	}
	return reason + "; " + more
}

func listed(items []string, sep string) string {
	if len(items) > named {
		return strings.Join(items[:named], sep) + fmt.Sprintf(" and %d more", len(items)-named)
	}
	return strings.Join(items, sep)
}
