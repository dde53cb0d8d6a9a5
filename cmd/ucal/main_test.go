package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"ucal/internal/config"
)

// TestExamples: every command that does something has examples, and each line
// of them is a command line that ucal takes.
func TestExamples(t *testing.T) {
	leaves := 0
	walk(new(command).root(), func(cmd *cobra.Command) {
		if !cmd.Runnable() || cmd.HasSubCommands() {
			return
		}
		leaves++
		require.NotEmpty(t, cmd.Short, cmd.CommandPath())
		require.NotEmpty(t, cmd.Example, "%s has no example", cmd.CommandPath())
		for _, line := range strings.Split(cmd.Example, "\n") {
			requireTaken(t, line, cmd.CommandPath())
		}
	})
	require.Greater(t, leaves, 5)
	for _, line := range strings.Split(new(command).root().Example, "\n") {
		requireTaken(t, line, "")
	}
}

func walk(cmd *cobra.Command, fn func(*cobra.Command)) {
	fn(cmd)
	for _, sub := range cmd.Commands() {
		walk(sub, fn)
	}
}

// requireTaken checks one example: settings that exist, flags that exist, the
// right arguments. It carries nothing out.
func requireTaken(t *testing.T, line, path string) {
	t.Helper()
	line, _, _ = strings.Cut(line, "#")
	words := strings.Fields(line)
	for len(words) > 0 && strings.Contains(words[0], "=") {
		name, _, _ := strings.Cut(words[0], "=")
		_, warnings, _ := config.Load([]string{name + "=" + t.TempDir() + "/none"})
		require.Empty(t, warnings, line)
		words = words[1:]
	}
	require.NotEmpty(t, words, "an empty example of %s", path)
	require.Equal(t, "ucal", words[0], line)
	cmd, rest, err := new(command).root().Find(words[1:])
	require.NoError(t, err, line)
	if path != "" {
		require.Equal(t, path, cmd.CommandPath(), line)
	}
	require.NoError(t, cmd.ParseFlags(rest), line)
	require.NoError(t, cmd.ValidateArgs(cmd.Flags().Args()), line)
	require.NoError(t, cmd.ValidateRequiredFlags(), line)
}

func TestWrongCommandLine(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want []string
	}{
		"unknown command":      {[]string{"chta"}, []string{`unknown command "chta"`, "chat", "`ucal --help`"}},
		"unknown flag":         {[]string{"dev", "--prot", "1"}, []string{"unknown flag: --prot", "`ucal dev --help`"}},
		"unknown flag of ucal": {[]string{"--fresh"}, []string{"unknown flag: --fresh", "`ucal --help`"}},
		"flag of wrong type":   {[]string{"dev", "--port", "http"}, []string{`"http"`, "--port", "`ucal dev --help`"}},
		"argument too many":    {[]string{"dev", "now"}, []string{`"now"`, "`ucal dev --help`"}},
		"missing flags":        {[]string{"workspace", "create"}, []string{`"name"`, `"owner-email"`, "`ucal workspace create --help`"}},
		"unknown subcommand":   {[]string{"workspace", "crate"}, []string{`"crate"`, "`ucal workspace --help`"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := run(t, nil, tc.args...)
			require.Equal(t, 2, code)
			require.Empty(t, out)
			for _, want := range tc.want {
				require.Contains(t, errOut, want)
			}
			require.Equal(t, 1, strings.Count(errOut, "\n"), "one line:\n%s", errOut)
		})
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{}, {"--help"}, {"help"}, {"workspace"}, {"dev", "--help"}, {"help", "chat"}} {
		code, out, errOut := run(t, nil, args...)
		require.Zero(t, code, args)
		require.Empty(t, errOut, args)
		require.Contains(t, out, "Usage:", args)
	}
	_, out, _ := run(t, nil, "help", "environment")
	for _, s := range config.Settings() {
		require.Contains(t, out, s.Name)
	}
	code, out, _ := run(t, nil, "--version")
	require.Zero(t, code)
	require.Contains(t, out, version)
}

// TestFlagsNameTheirVariable: what a flag sets, the environment sets too.
func TestFlagsNameTheirVariable(t *testing.T) {
	help := new(bytes.Buffer)
	walk((&command{out: help}).root(), func(cmd *cobra.Command) {
		if cmd.Name() == "dev" || cmd.Name() == "chat" {
			help.WriteString(cmd.Flags().FlagUsages())
		}
	})
	known := map[string]bool{}
	for _, s := range config.Settings() {
		known[s.Name] = true
	}
	names := regexp.MustCompile(`UCAL_[A-Z_]+`).FindAllString(help.String(), -1)
	require.GreaterOrEqual(t, len(names), 9)
	for _, name := range names {
		require.True(t, known[name], "%s is no setting", name)
	}
}

func TestWrongSettings(t *testing.T) {
	code, _, errOut := run(t, []string{"UCAL_PORT=http", "UCAL_PROT=1"}, "dev", "--data", t.TempDir())
	require.Equal(t, 2, code)
	require.Contains(t, errOut, "Port")
	require.Contains(t, errOut, "warning: UCAL_PROT")
}
