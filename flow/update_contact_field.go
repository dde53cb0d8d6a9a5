package flow

// UpdateContactField sets or clears one contact field (type
// update_contact_field). A value that turns out empty leaves the field alone;
// one that does not fit the field's type is a soft failure.
type UpdateContactField struct {
	Field Ref   `json:"field" flow:"field,required" ref:"contact_field"`
	Value Value `json:"value,omitzero" flow:"value,vars"`
	Clear bool  `json:"clear,omitempty" flow:"clear"`
}

func (u *UpdateContactField) run(x *Execution) (way, error) {
	r, _, err := x.do(UpdateField{Field: u.Field, Value: u.Value.Text(), Clear: u.Clear})
	return soft(x, r), err
}

func (u *UpdateContactField) check(c *checker) {
	switch {
	case u.Clear:
		c.notAllowed(!u.Value.IsZero(), "value", "clear is on")
	case blankText(u.Value.Text()):
		c.missing("value")
	}
	info, ok := c.fieldInfo(u.Field)
	switch {
	case !ok:
	case !info.Settable:
		c.add("step.config.invalid", "field", "The contact field %q cannot be set by a workflow. Choose another one.", info.Key)
	case !u.Clear && len(Names(u.Value.Text())) == 0:
		if _, err := FitField(info, u.Value.Text()); err != nil {
			c.add("step.config.invalid", "value", "%s", sentence(err))
		}
	}
}
