package acceptance

import "github.com/stretchr/testify/require"

// menu asks and, when the answer is wrong, says sorry and asks again up to three times.
func menu(after string) string {
	steps := []string{
		step("ask", "ask_question", "{question: Which?, question_type: multiple_choice, options: [A, B]}", "arms: {success: end, failure: sorry}"),
		send("sorry", "Sorry", "next: again"),
		step("again", "jump_to", "{step: ask, max_jumps: 3}", after),
	}
	if after != "" {
		steps = append(steps, step("give-up", "add_comment", "{text: gave up}", ""))
	}
	return flowFile("menu", byContact, steps...)
}

// jumpScenarios are 49 to 52: Jump To.
func jumpScenarios() []scenario {
	wrong := func(w *world, times int) {
		for range times {
			w.writes("ana", "C")
		}
	}
	return []scenario{
		{49, "given failure then send sorry then jump to ask (3) when 4 invalid replies then the 4th goes past the jump", true, func(w *world) {
			w.publishes(menu("next: give-up"))
			w.writes("ana", "hi")
			wrong(w, 3)
			require.Empty(w, w.comments("ana"))
			wrong(w, 1)
			require.Equal(w, []string{"gave up"}, w.comments("ana"))
			require.Equal(w, []string{"Which?", "Sorry", "Which?", "Sorry", "Which?", "Sorry", "Which?", "Sorry"}, w.said("ana"))
			w.ended(w.run("ana"), "completed", "end_of_path")
		}},
		{50, "given max_jumps 11 when saved then refused with jump.limit", false, func(w *world) {
			a := w.saves(flowFile("menu", byHand, send("a", "Hi", "next: b"), step("b", "jump_to", "{step: a, max_jumps: 11}", "")))
			require.Equal(w, []string{"jump.limit at b"}, a.problems())
		}},
		{51, "given a contact that used 3 jumps and left when it enters again then the counter is 0", true, func(w *world) {
			w.publishes(menu("next: give-up"))
			w.writes("ana", "hi")
			wrong(w, 4)
			w.closes("", "ana")
			w.writes("ana", "hi again")
			wrong(w, 3)
			require.Equal(w, []string{"gave up"}, w.comments("ana"), "the second run still jumps")
			wrong(w, 1)
			require.Len(w, w.comments("ana"), 2)
		}},
		{52, "given the jump limit is reached and no next step when executed then the contact exits with jump_limit", true, func(w *world) {
			w.publishes(menu(""))
			w.writes("ana", "hi")
			wrong(w, 4)
			w.ended(w.run("ana"), "exited", "jump_limit")
		}},
	}
}
