package acceptance

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/desk"
)

// writes lets a contact write on Telegram; contacts are named as they are first met.
func (w *world) writes(who, text string) {
	w.Helper()
	w.writesOn("Telegram", who, text)
}

func (w *world) writesOn(ch, who, text string) {
	w.Helper()
	w.sends(ch, who, channel.Text(text))
}

// sends lets a contact send a message of any type.
func (w *world) sends(ch, who string, m channel.Message) {
	w.Helper()
	w.nextID++
	w.receive(ch, who, fmt.Sprintf("in-%d", w.nextID), m)
}

// receive is the channel's webhook with the provider's id of the message.
func (w *world) receive(ch, who, id string, m channel.Message) {
	w.Helper()
	on := w.channels[ch]
	require.NotNil(w, on, "channel %s", ch)
	require.NoError(w, w.desk.Receive(w.Context(), on, []channel.Inbound{{ExternalID: external(on, who), Profile: channel.Profile{FirstName: who},
		Events: []channel.Event{{Kind: channel.EventMessage, ProviderID: id, At: w.now(), Message: &m}}}}))
	w.pump()
}

// external is a contact's id on a channel: a phone number where the channel has those.
func external(ch *desk.Channel, who string) string {
	if ch.Source == whatsapp || ch.Source == sms {
		sum := 0
		for _, r := range who {
			sum = sum*31 + int(r)
		}
		return fmt.Sprintf("+4930%07d", sum%10_000_000)
	}
	return who
}

// contact is the id of a contact that has written, or of one named by an
// identifier such as email:zoe@example.com.
func (w *world) contact(who string) int64 {
	w.Helper()
	var ids []int64
	if strings.Contains(who, ":") {
		return w.call("GET", "/v2/contact/"+who, nil).id()
	}
	var names []string
	for _, ch := range w.channels {
		names = append(names, external(ch, who))
	}
	require.NoError(w, w.db.Read(w.Context()).Table("identities").Where("external_id IN ?", names).Order("id").Limit(1).Pluck("contact_id", &ids).Error)
	require.NotEmpty(w, ids, "no contact %s", who)
	return ids[0]
}

// of is the path of a contact in the API.
func (w *world) of(who, path string) string {
	w.Helper()
	return fmt.Sprintf("/v2/contact/id:%d%s", w.contact(who), path)
}

// see is a contact as the API shows it.
func (w *world) see(who string) object {
	w.Helper()
	return w.call("GET", w.of(who, ""), nil).ok()
}

// users adds users, all online, and returns their ids by name. A name may carry
// a role: "Ann:manager".
func (w *world) users(names ...string) map[string]int64 {
	w.Helper()
	ids := map[string]int64{}
	for _, n := range names {
		name, role, _ := strings.Cut(n, ":")
		if role == "" {
			role = "agent"
		}
		ids[name] = w.call("POST", "/v2/space/user", object{"firstName": name, "email": mail(name), "role": role}).id()
		w.status(name, "online")
	}
	return ids
}

func mail(name string) string { return strings.ToLower(name) + "@example.com" }

// team makes a team of new users, all online.
func (w *world) team(name string, members ...string) map[string]int64 {
	w.Helper()
	ids := w.users(members...)
	list := []int64{}
	for _, m := range members {
		list = append(list, ids[m])
	}
	w.call("POST", "/v2/space/team", object{"name": name, "userIds": list}).ok()
	return ids
}

// user is the id of a user.
func (w *world) user(name string) int64 {
	w.Helper()
	u := &desk.User{}
	require.NoError(w, w.db.Read(w.Context()).Where("email = ?", mail(name)).Take(u).Error)
	return u.ID
}

// status sets a user's presence: online, busy or offline.
func (w *world) status(name, status string) {
	w.Helper()
	path := fmt.Sprintf("/v2/space/user/%d", w.user(name))
	if status == "offline" {
		w.call("DELETE", path+"/activity", nil).ok()
		return
	}
	w.call("PUT", path+"/status", object{"status": status}).ok()
}

// login is a token with which calls are a user's own.
func (w *world) login(name string) string {
	w.Helper()
	u := &desk.User{}
	require.NoError(w, w.db.Read(w.Context()).Where("email = ?", mail(name)).Take(u).Error)
	_, token, err := w.desk.CreateToken(w.Context(), w.owner(), desk.TokenInput{Name: name, Role: u.Role, UserID: u.ID})
	require.NoError(w, err)
	return token
}

// owner is the principal of the world's token.
func (w *world) owner() desk.Principal {
	w.Helper()
	p, err := w.desk.Authenticate(w.Context(), w.token, "")
	require.NoError(w, err)
	return p
}

// replies lets a user write to a contact from the inbox.
func (w *world) replies(user, who, text string) {
	w.Helper()
	w.call("POST", w.of(who, "/message"), object{"message": object{"type": "text", "text": text}}, as(w.login(user))).ok()
}

// closes closes a contact's conversation as a user; "" is the API.
func (w *world) closes(user, who string, note ...object) {
	w.Helper()
	body := object{"status": "close"}
	for _, n := range note {
		for k, v := range n {
			body[k] = v
		}
	}
	token := w.token
	if user != "" {
		token = w.login(user)
	}
	w.call("POST", w.of(who, "/conversation/status"), body, as(token)).ok()
}

// opens opens a contact's conversation as a user; "" is the API.
func (w *world) opens(user, who string) {
	w.Helper()
	token := w.token
	if user != "" {
		token = w.login(user)
	}
	w.call("POST", w.of(who, "/conversation/status"), object{"status": "open"}, as(token)).ok()
}

// assigns assigns a contact by hand; to nobody with "".
func (w *world) assigns(user, who, to string) {
	w.Helper()
	var assignee any
	if to != "" {
		assignee = mail(to)
	}
	w.call("POST", w.of(who, "/conversation/assignee"), object{"assignee": assignee}, as(w.login(user))).ok()
}

// field adds a custom field.
func (w *world) field(name, slug, dataType string, options ...string) {
	w.Helper()
	body := object{"name": name, "slug": slug, "dataType": dataType}
	if len(options) > 0 {
		body["allowedValues"] = options
	}
	w.call("POST", "/v2/space/custom_field", body).ok()
}

// sets changes fields of a contact through the API.
func (w *world) sets(who string, fields object) {
	w.Helper()
	w.call("PUT", w.of(who, ""), fields).ok()
}

// settings changes the workspace's settings.
func (w *world) settings(change object) answer {
	w.Helper()
	change["revision"] = w.call("GET", "/v2/space/setting", nil).ok()["revision"]
	return w.call("PUT", "/v2/space/setting", change)
}

// starts starts a published workflow for a contact by the API and returns the
// run as it is then.
func (w *world) starts(workflow int64, who string, with ...object) object {
	w.Helper()
	body := object{"contact": fmt.Sprintf("id:%d", w.contact(who))}
	for _, o := range with {
		for k, v := range o {
			body[k] = v
		}
	}
	a := w.call("POST", fmt.Sprintf("/v2/workflow/%d/run", workflow), body)
	require.Equal(w, 202, a.Status, a.Text)
	return w.runByID(a.ok()["runId"])
}
