package desk

import "github.com/stretchr/testify/require"

// triggerWorkflows have the triggers that no message fires.
func (w *world) triggerWorkflows() {
	w.Helper()
	w.makeTags("Gold")
	w.makeField("City", "text")
	w.publish(noting("on-tag", tagged("added", "Gold"), "x"))
	w.publish(noting("on-city", onField("city"), "x"))
	w.publish(noting("on-mail", onField("email"), "x"))
	w.publish(noting("on-ads", onAds, "x"))
	w.publish(callBack)
	for _, kind := range []string{"email", "phone"} {
		w.publish(hooked("by-"+kind, "identifier_type: "+kind+", identifier_path: $.who, create_contact: true"))
	}
}

// triggerPath fires each of them once.
func (w *world) triggerPath(c *Contact) {
	w.Helper()
	w.addTags(c, "Gold")
	w.removeTags(c, "Gold")
	w.editFields(c, ContactFields{Email: ptr("zoe@x.io"), Phone: ptr("+4915112345678"), Custom: []CustomValue{{Name: "city", Value: ptr("Rome")}}})
	w.takes(w.clicks("zoe", anAd("click-1")), w.fromAd("zoe", "ad-1", anAd("click-1")))
	list, err := w.d.Shortcuts(w.Context(), w.p, ByID(c.ID))
	require.NoError(w, err)
	_, err = w.d.StartShortcut(w.Context(), w.p, ByID(c.ID), list[0].WorkflowID, Form{"reason": "late"})
	require.NoError(w, err)
	for slug, who := range map[string][]string{"by-email": {"zoe@x.io", "new@x.io"}, "by-phone": {"+4915112345678", "+4915112345679"}} {
		v, err := w.d.Workflow(w.Context(), w.p, slug)
		require.NoError(w, err)
		for range 2 {
			for _, x := range who {
				_, err = w.posts(v.Hook, `{"who":"`+x+`"}`, x)
				require.NoError(w, err)
			}
		}
	}
	w.pump()
}
