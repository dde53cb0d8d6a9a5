package flow

import (
	"reflect"
	"slices"
	"strings"
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
	for i := range c.def.Parameters {
		p := &c.def.Parameters[i]
		if key, code, message := p.check(); code != "" {
			path := join("parameters", p.Name)
			if key != "" {
				path = join(path, key)
			}
			c.report(code, path, "%s", message)
		}
	}
	walk(reflect.ValueOf(&c.def.Trigger).Elem(), "trigger", c.openAt("trigger.config", c.def.Trigger.Open))
	for i := range c.def.Steps {
		s := &c.def.Steps[i]
		base := join(item("steps", i), "config")
		if cfg, ok := configOf(s); ok {
			walk(cfg, base, c.openAt(base, s.Open))
		}
	}
}

// openAt visits the values of a configuration, of whose settings some wait for a
// parameter.
func (c *checker) openAt(base string, open map[string]string) visitor {
	return func(path string, st setting, v reflect.Value) {
		if below, ok := strings.CutPrefix(path, base+"."); ok {
			if p := c.def.parameter(open[below]); p != nil {
				c.openParameter(path, p)
			}
		}
		c.parameterAt(path, st, v)
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
