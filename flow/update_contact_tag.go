package flow

// UpdateContactTag adds or removes one to ten tags (type update_contact_tag).
// Adding an unknown tag creates it. It never fails.
type UpdateContactTag struct {
	Action string `json:"action" flow:"action,required" enum:"add,remove"`
	Tags   []Ref  `json:"tags" flow:"tags,required,vars" ref:"tag"`
}

func (u *UpdateContactTag) run(x *Execution) (way, error) {
	r, _, err := x.do(UpdateTag{Remove: u.Action == "remove", Tags: u.Tags})
	return by(ArmNext, r.Code), err
}

// maxTags is how many tags one step changes.
const maxTags = 10

func (u *UpdateContactTag) check(c *checker) {
	if len(u.Tags) > maxTags {
		c.add("step.config.invalid", "tags", "There are %d tags. Use at most %d.", len(u.Tags), maxTags)
	}
	for i, tag := range u.Tags {
		if tag.ID == 0 && blankText(tag.Name) {
			c.missing(item("tags", i))
		}
	}
}

// creates: adding an unknown tag creates it.
func (u *UpdateContactTag) creates(kind RefKind) bool { return kind == RefTag && u.Action == "add" }
