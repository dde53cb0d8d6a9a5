package flow

import (
	"fmt"
	"reflect"
	"strings"
)

// setting is what the struct tags say about one key of the file:
//
//	flow:"key[,required][,vars][,secrets]"  the key; must not be empty; may hold variables, and secrets
//	enum:"a,b,c"                  the allowed words
//	ref:"kind"                    the kind of object that is named
//	default:"7d"                  the value that may be left out
//	code:"jump.limit"             the code of a value of the wrong type
//	missing:"branch.…"            the code when a required value is empty
//
// The reader, the checks, the writer and the reference walker all go by these
// tags, so that a new step needs code of its own only for its own rules.
type setting struct {
	key            string
	required, vars bool
	secrets        bool // $secret.… may be used
	enum           []string
	ref            RefKind
	fallback       string
	code           string
	missing        string
}

func settingOf(f reflect.StructField) (setting, bool) {
	tag, ok := f.Tag.Lookup("flow")
	if !ok {
		return setting{}, false
	}
	key, flags, _ := strings.Cut(tag, ",")
	s := setting{
		key:      key,
		required: strings.Contains(flags, "required"),
		vars:     strings.Contains(flags, "vars"),
		secrets:  strings.Contains(flags, "secrets"),
		ref:      RefKind(f.Tag.Get("ref")),
		fallback: f.Tag.Get("default"),
		code:     f.Tag.Get("code"),
		missing:  f.Tag.Get("missing"),
	}
	if enum := f.Tag.Get("enum"); enum != "" {
		s.enum = strings.Split(enum, ",")
	}
	return s, true
}

// settingsOf lists the keys of a struct in the order of the file.
func settingsOf(t reflect.Type) (keys []setting, fields []int) {
	for i := range t.NumField() {
		if s, ok := settingOf(t.Field(i)); ok {
			keys, fields = append(keys, s), append(fields, i)
		}
	}
	return keys, fields
}

// visitor sees one value below a configuration: a setting, or an item of a
// list (then required is off). v can be set.
type visitor func(path string, s setting, v reflect.Value)

// walk visits every value below a struct, parents first.
func walk(v reflect.Value, path string, visit visitor) {
	keys, fields := settingsOf(v.Type())
	for i, s := range keys {
		walkValue(v.Field(fields[i]), join(path, s.key), s, visit)
	}
}

func walkValue(v reflect.Value, path string, s setting, visit visitor) {
	visit(path, s, v)
	switch {
	case v.Type() == reflect.TypeFor[Pairs]():
		s.required = false
		for i := range v.Len() {
			walkValue(v.Index(i).FieldByName("Value"), join(path, v.Index(i).FieldByName("Key").String()), s, visit)
		}
	case v.Kind() == reflect.Interface:
		if cfg, ok := structBehind(v); ok {
			walk(cfg, path, visit)
		}
	case isLeaf(v.Type()):
	case v.Kind() == reflect.Struct:
		walk(v, path, visit)
	case v.Kind() == reflect.Slice:
		s.required = false
		for i := range v.Len() {
			walkValue(v.Index(i), item(path, i), s, visit)
		}
	}
}

// isLeaf reports whether a type is one value of the file although it may be a
// struct in Go.
func isLeaf(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[Ref](), reflect.TypeFor[ChannelChoice](), reflect.TypeFor[Value](), reflect.TypeFor[Duration]():
		return true
	}
	return t.Kind() != reflect.Struct && t.Kind() != reflect.Slice
}

// refOf returns the reference that a value is, or nil.
func refOf(v reflect.Value) *Ref {
	switch x := v.Addr().Interface().(type) {
	case *Ref:
		return x
	case *ChannelChoice:
		if x.Last() {
			return nil
		}
		return &x.Ref
	}
	return nil
}

// textOf returns the text that a value is, if it is one.
func textOf(v reflect.Value) (string, bool) {
	switch {
	case v.Type() == reflect.TypeFor[Ref]():
		return v.Interface().(Ref).Name, true
	case v.Kind() == reflect.String:
		return v.String(), true
	}
	return "", false
}

// configOf is the struct behind a step's configuration.
func configOf(s *Step) (reflect.Value, bool) { return structBehind(reflect.ValueOf(&s.Config).Elem()) }

// structBehind is the struct that an interface holds a pointer to.
func structBehind(v reflect.Value) (reflect.Value, bool) {
	v = v.Elem()
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return reflect.Value{}, false
	}
	return v.Elem(), true
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func item(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// EachRef calls fn for every reference of the definition that is set; fn may
// change it, for example to the present name.
func (d *Definition) EachRef(fn func(kind RefKind, r *Ref)) {
	visit := func(_ string, s setting, v reflect.Value) {
		if s.ref == "" || !v.CanAddr() {
			return
		}
		if r := refOf(v); r != nil && !r.Empty() {
			fn(s.ref, r)
		}
	}
	walk(reflect.ValueOf(&d.Trigger).Elem(), "trigger", visit)
	for i := range d.Steps {
		if cfg, ok := configOf(&d.Steps[i]); ok {
			walk(cfg, "", visit)
		}
	}
	for _, c := range d.conditions() {
		c.eachRef(fn)
	}
}

// conditions are those of the trigger and of all branches.
func (d *Definition) conditions() (list []*Condition) {
	for i := range d.Trigger.Conditions {
		list = append(list, &d.Trigger.Conditions[i])
	}
	for i := range d.Steps {
		b, ok := d.Steps[i].Config.(*Branch)
		if !ok {
			continue
		}
		for j := range b.Branches {
			for k := range b.Branches[j].Conditions {
				list = append(list, &b.Branches[j].Conditions[k])
			}
		}
	}
	return list
}
