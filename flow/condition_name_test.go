package flow

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func branchOn(conds ...Condition) *Definition {
	return &Definition{Format: Format, ID: "x", Name: "X", Trigger: Trigger{Type: ManualTrigger},
		Steps: []Step{{ID: "b", Type: TypeBranch, Name: "Branch", Config: &Branch{Branches: []BranchArm{{Name: "yes", Conditions: conds}}}}}}
}

func (d *Definition) firstCondition() *Condition {
	return &d.Steps[0].Config.(*Branch).Branches[0].Conditions[0]
}

// A tag may be called 5 or true: written without quotes it is a number or a
// boolean of the file, and a name all the same.
func TestNamesThatAreNumbers(t *testing.T) {
	dir := register{map[RefKind]map[int64]string{RefTag: {1: "5", 2: "VIP", 3: "true"}}}
	value, err := ValueOf([]any{5, "vip", true})
	require.NoError(t, err)
	def := branchOn(Condition{Category: CatContactTag, Operator: OpAllOf, Value: &value})
	require.Empty(t, Check(def, dir, Publish).errors())
	raw, err := json.Marshal(def)
	require.NoError(t, err)
	require.Contains(t, string(raw), `"value":[5,"VIP",true]`)

	env := &fakeEnv{zone: "UTC", tags: []string{"5", "VIP", "true"}, renamed: map[int64]string{1: "5", 2: "VIP", 3: "true"}}
	ok, seen := MatchConditions([]Condition{*def.firstCondition()}, MatchAll, env)
	require.True(t, ok, "%+v", seen)

	env.tags, env.renamed = []string{"Five", "VIP", "Yes"}, map[int64]string{1: "Five", 2: "VIP", 3: "Yes"}
	ok, seen = MatchConditions([]Condition{*def.firstCondition()}, MatchAll, env)
	require.True(t, ok, "%+v", seen)
	require.Equal(t, "Five, VIP, Yes", seen[0].Expected)

	dir.names[RefTag] = map[int64]string{1: "Five", 2: "VIP", 3: "Yes"}
	require.Empty(t, Check(def, dir, Publish).errors())
	file, err := Encode(def, YAML)
	require.NoError(t, err)
	for _, name := range []string{"- Five\n", "- VIP\n"} {
		require.Contains(t, string(file), name)
	}
	require.NotContains(t, string(file), "- 5\n")
}

// A closing category that was deleted makes its condition false, and a new one
// with its name is another one.
func TestAClosingCategoryThatIsGone(t *testing.T) {
	cond := Condition{Category: CatConvCategory, Operator: OpEqual, Value: sole("Refund"), Refs: []Ref{{ID: 4, Name: "Refund"}}}
	trigger := Trigger{Type: ConversationClosed, Conditions: []Condition{cond}}
	h := Happening{Type: ConversationClosed, Category: "Refund"}
	env := &fakeEnv{zone: "UTC", renamed: map[int64]string{4: "Refund"}}
	ok, _ := MatchTrigger(trigger, h, env)
	require.True(t, ok)

	env.renamed = map[int64]string{9: "Refund"} // created after 4 was deleted
	ok, _ = MatchTrigger(trigger, h, env)
	require.False(t, ok)
	trigger.Conditions[0].Operator = OpNotEqual
	ok, _ = MatchTrigger(trigger, Happening{Type: ConversationClosed, Category: "Sales"}, env)
	require.False(t, ok, "false whatever its operator")
}

// closed and done mean close wherever the status of a conversation is compared.
func TestOtherWordsForClose(t *testing.T) {
	env := ana()
	env.names["contact.status"], env.names["conversation.status"], env.names["mood"] = "close", "close", "close"
	for head, want := range map[string]bool{
		"contact_field:status is_equal_to":         true,
		"variable:contact.status is_equal_to":      true,
		"variable:conversation.status is_equal_to": true,
		"variable:mood is_equal_to":                false,
	} {
		for _, word := range []string{"closed", "Done", " CLOSED "} {
			got, _ := MatchConditions([]Condition{condition(t, head, word)}, "", env)
			require.Equal(t, want, got, "%s %q", head, word)
		}
	}
}

// Ignoring case is full Unicode case folding, as for the names of tags.
func TestFolding(t *testing.T) {
	for _, pair := range [][2]string{
		{"Straße", "STRASSE"}, {"Straße", "STRAẞE"}, {"ΣΟΦΟΣ", "σοφος"}, {"ΣΟΦΟΣ", "σοφοσ"}, {"\u212a", "k"}, {"ﬁnal", "FINAL"},
		{" Ana\u00a0", "ana"}, {"İ", "i\u0307"}, {"ԵՒ", "և"},
	} {
		require.True(t, equalText(pair[0], pair[1]), "%q = %q", pair[0], pair[1])
		_, ok := contained("… "+pair[0]+" …", *sole(pair[1]))
		require.True(t, ok, "%q contains %q", pair[0], pair[1])
	}
	for _, pair := range [][2]string{{"İ", "i"}, {"ı", "i"}, {"ı", "I"}, {"é", "e"}, {"ß", "s"}, {"a b", "a  b"}} {
		require.False(t, equalText(pair[0], pair[1]), "%q = %q", pair[0], pair[1])
	}
}

func TestNumbersAreEqualAsNumbers(t *testing.T) {
	for _, pair := range [][2]string{{"1", "1.0"}, {"1", "+1"}, {"-0", "0"}, {"007", "7"}, {"0.10", "0.1"}, {" 5 ", "5"}} {
		require.True(t, equal(pair[0], pair[1]), "%q = %q", pair[0], pair[1])
	}
	for _, pair := range [][2]string{{"1", "1,0"}, {"1,000", "1000"}, {"1e3", "1000"}, {"0x10", "16"}, {".5", "0.5"}, {"5.", "5"}, {"٥", "5"}} {
		require.False(t, equal(pair[0], pair[1]), "%q = %q", pair[0], pair[1])
	}
}

// directoryOfFields finds custom fields by key or name, ignoring case, as the desk does.
type directoryOfFields struct{ register }

func (directoryOfFields) Field(key string) (FieldInfo, bool) {
	switch {
	case equalText(key, "home_town"), equalText(key, "Home Town"):
		return FieldInfo{Key: "home_town", Type: FieldText, Settable: true}, true
	case equalText(key, "firstname"):
		return FieldInfo{Key: "firstname", Type: FieldText, Settable: true}, true
	}
	return FieldInfo{}, false
}

// Conditions find a contact field as every reference does, and keep its key.
// The names of variables are case-sensitive: another spelling is no variable.
func TestFieldsWrittenInAnotherWay(t *testing.T) {
	for _, written := range []string{"home_town", "Home_Town", "home town", "HOME TOWN"} {
		def := branchOn(Condition{Category: CatContactField, Field: written, Operator: OpExists})
		require.Empty(t, Check(def, directoryOfFields{}, Publish), written)
		require.Equal(t, "home_town", def.firstCondition().Field)
	}
	def := branchOn(Condition{Category: CatContactField, Field: "FirstName", Operator: OpExists})
	require.Empty(t, Check(def, directoryOfFields{}, Publish))
	require.Equal(t, "firstname", def.firstCondition().Field)
	def = branchOn(Condition{Category: CatContactField, Field: "town", Operator: OpExists})
	require.Equal(t, []string{"reference.unknown"}, Check(def, directoryOfFields{}, Publish).errors())

	for name, known := range map[string]bool{"contact.home_town": true, "contact.Home_Town": false, "contact.FirstName": false, "Contact.firstname": false} {
		def := branchOn(Condition{Category: CatVariable, Field: name, Operator: OpExists})
		problems := Check(def, directoryOfFields{}, Publish)
		text := Check(&Definition{Format: Format, ID: "x", Name: "X", Trigger: Trigger{Type: ManualTrigger},
			Steps: []Step{{ID: "n", Type: TypeAddComment, Name: "Note", Config: &AddComment{Text: "From $" + name}}}}, directoryOfFields{}, Publish)
		if known {
			require.Empty(t, problems, name)
			require.Empty(t, text, name)
			continue
		}
		require.Len(t, problems, 1, name)
		require.Equal(t, "variable.unknown", problems[0].Code)
		require.Len(t, text, 1, name)
		require.Equal(t, "variable.unknown", text[0].Code)
	}
}

// Blanks around an option of a question are not part of it.
func TestOptionsWithBlanks(t *testing.T) {
	ask := func(options ...string) []string {
		return Check(&Definition{Format: Format, ID: "x", Name: "X", Trigger: Trigger{Type: ManualTrigger}, Steps: []Step{{ID: "q", Type: TypeAskQuestion, Name: "Ask",
			Config: &AskQuestion{Question: "Which?", QuestionType: AskChoice, Options: options}}}}, nil, Save).errors()
	}
	require.Empty(t, ask(" Red", "Blue "))
	require.Equal(t, []string{"question.options.duplicate"}, ask(" Red", "red "))
	require.Equal(t, []string{"question.options.duplicate"}, ask("Straße", "STRASSE"))
}
