package flow

import (
	"reflect"
	"slices"
)

// waiting returns the open template parameter that a text uses, or nil. In a
// workflow without parameters ${name} is plain text.
func (c *checker) waiting(text string) *Parameter {
	for _, m := range parameterUse.FindAllStringSubmatch(text, -1) {
		if p := c.def.parameter(m[1]); p != nil {
			return p
		}
	}
	return nil
}

func (d *Definition) parameter(name string) *Parameter {
	i := slices.IndexFunc(d.Parameters, func(p Parameter) bool { return p.Name == name && name != "" })
	if i < 0 {
		return nil
	}
	return &d.Parameters[i]
}

// parameters reports every place that still waits for a template parameter;
// nothing else is said about such a place.
func (c *checker) parameters() {
	if len(c.def.Parameters) == 0 {
		return
	}
	walk(reflect.ValueOf(&c.def.Trigger).Elem(), "trigger", c.parameterAt)
	for i := range c.def.Steps {
		s := &c.def.Steps[i]
		base := join(item("steps", i), "config")
		if cfg, ok := configOf(s); ok {
			walk(cfg, base, func(path string, st setting, v reflect.Value) {
				if p := c.def.parameter(s.Open[path[min(len(base)+1, len(path)):]]); p != nil {
					c.openParameter(path, p)
				}
				c.parameterAt(path, st, v)
			})
		}
	}
}

func (c *checker) parameterAt(path string, _ setting, v reflect.Value) {
	use := func(text string) string {
		if p := c.waiting(text); p != nil {
			c.openParameter(path, p)
		}
		return text
	}
	if text, ok := textOf(v); ok {
		use(text)
	}
	switch x := v.Interface().(type) {
	case ChannelChoice:
		use(x.Name)
	case Value:
		x.each(use)
	case *Value:
		if x != nil {
			x.each(use)
		}
	}
}

func (c *checker) openParameter(path string, p *Parameter) {
	label := p.Label
	if label == "" {
		label = p.Name
	}
	c.final("parameter.missing", path, "Fill in what the template leaves open: %s.", label)
}
