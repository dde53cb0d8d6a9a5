package flow

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// FuzzValue: what is read as a value is written and read back as the same, and
// its texts are those of its scalars.
func FuzzValue(f *testing.F) {
	for _, s := range []string{`null`, `"a"`, `1.50`, `-0.0`, `1e999`, `true`, `["a",2,true]`, `[]`, `{"from":1,"to":"5"}`, `{"from":"a"}`, `[[1]]`, `[null]`, `"\ud800"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		var v Value
		if json.Unmarshal([]byte(raw), &v) != nil {
			return
		}
		text, err := json.Marshal(v)
		require.NoError(t, err)
		var back Value
		require.NoError(t, json.Unmarshal(text, &back))
		require.Empty(t, cmp.Diff(v, back))

		var seen []string
		same := v.each(func(s string) string { seen = append(seen, s); return s })
		require.Empty(t, cmp.Diff(v, same))
		if from, to, ok := v.Range(); ok {
			require.Equal(t, []string{from, to}, seen)
			require.Empty(t, v.List())
			return
		}
		require.Equal(t, len(v.List()), len(seen))
		for i, s := range v.List() {
			require.Equal(t, s, seen[i], "each and List go the same way")
		}
	})
}

// FuzzConditionLaws: whatever the value and the left side are, the operators
// agree with each other.
func FuzzConditionLaws(f *testing.F) {
	for _, v := range []string{`"12.5"`, `12`, `["a","$x"]`, `{"from":"1","to":"20"}`, `{"from":"2026-03-01","to":"2026-03-10 18:00:00"}`, `"1h"`, `""`, `null`, `"(a+)+$"`, `{"from":"9d","to":"1s"}`} {
		f.Add("12.50", v, int64(3_600_000), "Europe/Rome")
		f.Add("", v, int64(-1), "Africa/Cairo")
	}
	f.Add("2026-04-24", `{"from":"2026-04-24","to":"2026-04-24"}`, int64(0), "Africa/Cairo")
	f.Add("straße", `"STRASSE"`, int64(0), "UTC")
	f.Fuzz(func(t *testing.T, text, raw string, ago int64, zone string) {
		var v Value
		if json.Unmarshal([]byte(raw), &v) != nil {
			return
		}
		if _, err := LoadZone(zone); err != nil {
			zone = "UTC"
		}
		env := &fakeEnv{now: time.Date(2026, 3, 10, 23, 30, 0, 0, time.UTC), zone: zone, tags: []string{text, "VIP"},
			names: map[string]string{"left": text, "x": text, NameLastIncoming: text, NameLastOutgoing: text}}
		if ago >= 0 {
			env.incoming = env.now.Add(-time.Duration(ago) * time.Millisecond)
			env.outgoing = env.incoming
		}
		holds := func(category Category, field string, op Operator, v Value) bool {
			ok, seen := MatchConditions([]Condition{{Category: category, Field: field, Operator: op, Value: &v}}, MatchAny, env)
			require.Len(t, seen, 1)
			require.Equal(t, ok, seen[0].Result)
			return ok
		}
		for _, o := range branchOffers() {
			for _, op := range o.operators {
				holds(o.category, "left", op, v) // none panics
			}
		}
		on := func(op Operator) bool { return holds(CatVariable, "left", op, v) }
		require.NotEqual(t, on(OpEqual), on(OpNotEqual))
		require.NotEqual(t, on(OpContains), on(OpNotContains))
		require.NotEqual(t, on(OpExists), on(OpNotExists))
		require.NotEqual(t, holds(CatContactTag, "", OpAnyOf, v), holds(CatContactTag, "", OpNoneOf, v))
		require.False(t, on(OpGreater) && on(OpLess))
		require.False(t, on(OpTimestampAfter) && on(OpTimestampBefore))
		require.False(t, on(OpEqual) && (on(OpGreater) || on(OpLess)), "equal numbers")
		if holds(CatContactTag, "", OpAllOf, v) {
			require.True(t, holds(CatContactTag, "", OpAnyOf, v))
		}
		if r, ok := v.V.(Range); ok {
			within := func(op Operator) bool {
				return !holds(CatVariable, "left", op, r.From) && !holds(CatVariable, "left", op, r.To)
			}
			if on(OpBetween) {
				require.False(t, holds(CatVariable, "left", OpLess, r.From) || holds(CatVariable, "left", OpGreater, r.To))
			} else if decimal(text) != nil && decimal(Render(r.From.Text(), env)) != nil && decimal(Render(r.To.Text(), env)) != nil {
				require.False(t, within(OpLess) && within(OpGreater), "a number that is neither under nor over")
			}
			if holds(CatSinceIncoming, "", OpBetween, v) {
				require.False(t, holds(CatSinceIncoming, "", OpLess, r.From) || holds(CatSinceIncoming, "", OpGreater, r.To))
			}
			if on(OpTimestampBetween) {
				require.False(t, holds(CatVariable, "left", OpTimestampBefore, r.From))
			}
		}
		if text == "" { // missing
			for op, want := range map[Operator]bool{OpEqual: false, OpNotEqual: true, OpContains: false, OpNotContains: true, OpGreater: false, OpLess: false, OpBetween: false,
				OpTimestampAfter: false, OpTimestampBefore: false, OpTimestampBetween: false, OpExists: false, OpNotExists: true} {
				require.Equal(t, want, on(op), op)
			}
		}
		if !v.IsZero() && v.scalar() && v.Text() == text && Render(text, env) == text && text != "" {
			require.True(t, on(OpEqual), "a text equals itself")
		}
	})
}
