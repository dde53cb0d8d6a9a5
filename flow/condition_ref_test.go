package flow

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// register is a Directory with tags and channels that can be renamed and deleted.
type register struct {
	names map[RefKind]map[int64]string
}

func (r register) Find(kind RefKind, ref Ref) (found []Ref) {
	for id, name := range r.names[kind] {
		if ref.ID == id || ref.ID == 0 && equalText(ref.Name, name) {
			found = append(found, Ref{ID: id, Name: name})
		}
	}
	return found
}

func (r register) Field(string) (FieldInfo, bool)    { return FieldInfo{}, false }
func (r register) Channel(int64) (ChannelInfo, bool) { return ChannelInfo{}, true }

// A rename of a tag, channel or closing category breaks no condition, and the
// export writes the present name (workflow specification 9.1).
func TestConditionsFollowRenames(t *testing.T) {
	dir := register{map[RefKind]map[int64]string{
		RefTag: {1: "VIP", 2: "Gold"}, RefChannel: {3: "Shop"}, RefCategory: {4: "Refund"}}}
	def := &Definition{Format: Format, ID: "x", Name: "X",
		Trigger: Trigger{Type: ConversationClosed, Conditions: []Condition{{Category: CatConvCategory, Operator: OpEqual, Value: sole("refund")}}},
		Steps: []Step{{ID: "b", Type: TypeBranch, Name: "Branch", Config: &Branch{Branches: []BranchArm{{Name: "all", Conditions: []Condition{
			{Category: CatContactTag, Operator: OpAnyOf, Value: texts("vip", "$x", "Gold")},
			{Category: CatLastChannel, Operator: OpEqual, Value: sole("Shop")},
			{Category: CatLastChannel, Field: "source", Operator: OpEqual, Value: sole("telegram")},
		}}}}}}}
	require.Empty(t, Check(def, dir, Publish).errors())

	raw, err := json.Marshal(def)
	require.NoError(t, err)
	stored := &Definition{}
	require.NoError(t, json.Unmarshal(raw, stored))

	dir.names[RefTag][1], dir.names[RefChannel][3], dir.names[RefCategory][4] = "Important", "Store", "Money back"
	require.Empty(t, Check(stored, dir, Publish).errors(), "the ids still fit")
	file, err := Encode(stored, YAML)
	require.NoError(t, err)
	for _, name := range []string{"- Important", "- $x", "- Gold", "value: Store", "value: Money back"} {
		require.Contains(t, string(file), name)
	}

	// A version that was published before the rename follows it too.
	old := &Definition{}
	require.NoError(t, json.Unmarshal(raw, old))
	env := &fakeEnv{zone: "UTC", renamed: map[int64]string{1: "Important", 2: "Gold", 3: "Store"}, tags: []string{"Important"},
		names: map[string]string{NameLastChannel: "Store", NameLastChannelSource: "telegram", "x": "other"}}
	arm, seen := EvaluateBranches(old.Steps[0].Config.(*Branch).Branches, env)
	require.Equal(t, Arm("all"), arm, "%+v", seen)
	require.Equal(t, "Important, other, Gold", seen[0].Expected)

	delete(env.renamed, 2) // Gold is deleted: the condition is false, whatever else it names
	arm, _ = EvaluateBranches(old.Steps[0].Config.(*Branch).Branches, env)
	require.Equal(t, ArmElse, arm)
	delete(dir.names[RefTag], 2)
	require.Equal(t, []string{"reference.unknown"}, Check(old, dir, Save).errors())
	dir.names[RefTag][9] = "Gold" // made anew: it may mean something else
	problems := Check(old, dir, Save)
	require.Equal(t, []string{"reference.unknown"}, problems.errors())
	require.Contains(t, fmt.Sprint(problems), "another one has its name now. Save the workflow again")
}

// A new tag with the name of a deleted one is another tag.
func TestNamesakeIsAnother(t *testing.T) {
	dir := register{map[RefKind]map[int64]string{RefTag: {1: "VIP"}}}
	cond := Condition{Category: CatContactTag, Operator: OpAnyOf, Value: texts("VIP")}
	def := &Definition{Format: Format, ID: "x", Name: "X", Trigger: Trigger{Type: ManualTrigger},
		Steps: []Step{{ID: "b", Type: TypeBranch, Name: "Branch", Config: &Branch{Branches: []BranchArm{{Name: "vip", Conditions: []Condition{cond}}}}}}}
	require.Empty(t, Check(def, dir, Save).errors())
	dir.names[RefTag] = map[int64]string{9: "VIP"}
	require.Equal(t, []string{"reference.unknown"}, Check(def, dir, Save).errors())
}

// errors are the codes of the problems that are errors.
func (p Problems) errors() (codes []string) {
	for _, x := range p {
		if x.Severity == SeverityError {
			codes = append(codes, x.Code)
		}
	}
	return codes
}

func sole(s string) *Value { return &Value{s} }

func texts(list ...string) *Value {
	v, err := ValueOf(list)
	if err != nil {
		panic(err)
	}
	return &v
}
