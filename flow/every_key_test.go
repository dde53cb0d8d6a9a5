package flow

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEveryKeyOccurs: the files that the round trips walk hold every key of the
// format, every step type with every arm, and every trigger type.
func TestEveryKeyOccurs(t *testing.T) {
	names, err := filepath.Glob("testdata/every-*.yaml")
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		def, problems := Read(data)
		require.Empty(t, problems, name)
		occurs(seen, reflect.ValueOf(def).Elem(), placeWorkflow)
		seen[string(def.Trigger.Type)] = true
		if def.Trigger.Config != nil {
			occurs(seen, reflect.ValueOf(def.Trigger.Config).Elem(), string(def.Trigger.Type))
		}
		for _, p := range def.Parameters {
			occurs(seen, reflect.ValueOf(p), placeParameter)
			seen["parameter type "+p.Type] = true
		}
		for _, s := range def.Steps {
			seen[string(s.Type)] = true
			for arm := range s.Arms {
				seen[string(s.Type)+" arm "+string(arm)] = true
			}
			occurs(seen, reflect.ValueOf(s.Config).Elem(), string(s.Type))
		}
	}
	for _, k := range Kinds() {
		assert.True(t, seen[string(k.Type)], k.Type)
		for _, arm := range slices.Concat(k.Arms, k.Optional) {
			assert.True(t, seen[string(k.Type)+" arm "+string(arm)], "%s arm %s", k.Type, arm)
		}
	}
	for _, k := range TriggerKinds() {
		assert.True(t, seen[string(k.Type)], k.Type)
	}
	for _, p := range ParameterTypes() {
		assert.True(t, seen["parameter type "+p], p)
	}
	for name, in := range seen {
		assert.True(t, in, "%s occurs in none of the files", name)
	}
}

// occurs notes the keys below a struct: false for one that has its default so far.
func occurs(seen map[string]bool, v reflect.Value, place string) {
	keys, fields := settingsOf(v.Type())
	for i, s := range keys {
		f := v.Field(fields[i])
		if f.Type() == reflect.TypeFor[[]Step]() || f.Type() == reflect.TypeFor[[]Parameter]() {
			continue
		}
		name := place + "." + s.key
		given := !f.IsZero()
		if f.Kind() == reflect.Bool {
			given = f.Bool() != (s.fallback == "true")
		}
		seen[name] = seen[name] || given
		switch {
		case f.Kind() == reflect.Slice && f.Type() != reflect.TypeFor[Pairs]() && f.Type().Elem().Kind() == reflect.Struct && !isLeaf(f.Type().Elem()):
			for j := range f.Len() {
				occurs(seen, f.Index(j), placeOf(f.Type().Elem()))
			}
		case f.Kind() == reflect.Struct && !isLeaf(f.Type()):
			occurs(seen, f, placeOf(f.Type()))
		}
	}
}
