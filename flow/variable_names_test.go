package flow

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The names of workflow specification 6.2, as they are printed there.
func TestNamesAreThoseOfTheSpecification(t *testing.T) {
	want := strings.Fields(`contact.id contact.name contact.firstname contact.lastname contact.email contact.phone contact.country contact.language
		contact.tags contact.profilepic contact.status
		assignee.id assignee.name assignee.firstname assignee.lastname assignee.email assignee.team
		system.current_datetime system.current_date system.current_time
		conversation.id conversation.status conversation.opened_at conversation.opened_by conversation.opened_source
		conversation.first_incoming_message conversation.first_incoming_channel conversation.is_new_contact conversation.first_response_at
		conversation.first_response_time conversation.first_assignee conversation.last_assignee conversation.closed_at conversation.closed_by
		conversation.closed_source conversation.category conversation.summary conversation.resolution_time conversation.last_broadcast
		last_incoming_message last_outgoing_message run.id workflow.id workflow.name`)
	var got []string
	for first, rest := range staticNames() {
		for _, name := range rest {
			got = append(got, strings.TrimSuffix(first+"."+name, "."))
		}
	}
	require.ElementsMatch(t, want, got)
	require.ElementsMatch(t, []string{"contact", "assignee", "system", "conversation", "trigger", "ad", "run", "workflow", "secret", "last_incoming_message", "last_outgoing_message"}, Reserved())
	for _, name := range want {
		first, _, _ := strings.Cut(name, ".")
		require.Contains(t, Reserved(), first)
	}
}

// Where variables may stand (workflow specification 6.3): everywhere else a $
// is a $. Addresses of files and the AI Agent's texts are ours besides.
func TestWhereVariablesStand(t *testing.T) {
	message := func(path string) (all string) {
		for _, key := range []string{"text", "caption", "subject", "parameters", "replies", "payload", "file", "attachments"} {
			all += path + "." + key + " "
		}
		return all
	}
	want := map[StepType]string{
		TypeSendMessage:        message("message") + message("channel_responses.message"),
		TypeAskQuestion:        "question options retry_message",
		TypeBranch:             "branches.conditions.value",
		TypeUpdateContactTag:   "tags",
		TypeUpdateContactField: "value",
		TypeCloseConversation:  "summary",
		TypeAddComment:         "text",
		TypeHTTPRequest:        "url headers body",
		TypeAddSheetsRow:       "values",
		TypeAIAgent:            "instructions collect.question",
	}
	for _, k := range Kinds() {
		got := []string{}
		placesWithVariables(reflect.TypeOf(k.New()).Elem(), "", &got)
		require.ElementsMatch(t, strings.Fields(want[k.Type]), got, k.Type)
	}
}

func placesWithVariables(t reflect.Type, path string, into *[]string) {
	settings, fields := settingsOf(t)
	for i, s := range settings {
		at := join(path, s.key)
		if s.vars && !slices.Contains(*into, at) {
			*into = append(*into, at)
		}
		inner := t.Field(fields[i]).Type
		for inner.Kind() == reflect.Slice || inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct && !isLeaf(inner) && inner != reflect.TypeFor[Pair]() {
			placesWithVariables(inner, at, into)
		}
	}
}
