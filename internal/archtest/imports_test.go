package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	stdio "io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// root is this module's folder, seen from here.
const root = "../.."

// goPackage is what `go list` says of a package.
type goPackage struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
	Deps         []string
	Module       *struct{ Path string }
}

func TestImports(t *testing.T) {
	module, packages := listPackages(t)
	require.NotEmpty(t, packages)
	require.Empty(t, strings.Join(violations(module, packages, table(), onlyImporters()), "\n"))
}

// listPackages asks go for the import graph. Listing reads the import lines only; nothing is compiled.
func listPackages(t *testing.T) (module string, packages []goPackage) {
	t.Helper()
	// -e: a package that does not compile just now is the compiler's business.
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports,Deps,Module", "./...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	decoder := json.NewDecoder(bytes.NewReader(out))
	for {
		var p goPackage
		err := decoder.Decode(&p)
		if errors.Is(err, stdio.EOF) {
			return module, packages
		}
		require.NoError(t, err)
		if p.Module == nil {
			continue
		}
		module = p.Module.Path
		packages = append(packages, p)
	}
}

// violations returns one sentence for each import that the rules forbid.
func violations(module string, packages []goPackage, table []rule, only map[string][]string) []string {
	var found []string
	for _, p := range packages {
		name := local(module, p.ImportPath)
		r, ok := ruleFor(table, name)
		if !ok {
			found = append(found, fmt.Sprintf("%s has no rule: say in table_test.go what it may import", name))
			continue
		}
		for _, imported := range p.Imports {
			if ours, isOurs := strings.CutPrefix(imported, module+"/"); isOurs && !mayImport(r, name, ours) {
				found = append(found, fmt.Sprintf("%s imports %s; it may import %s", name, ours, list(r.ours)))
			}
			if rule, bad := below(imported, r.neverDirect); bad {
				found = append(found, fmt.Sprintf("%s imports %s; it must not import %s", name, imported, rule))
			}
		}
		for _, dep := range p.Deps {
			if rule, bad := below(dep, r.neverAtAll); bad {
				found = append(found, fmt.Sprintf("%s reaches %s; nothing it imports may reach %s", name, dep, rule))
			}
		}
		found = append(found, reserved(module, p, only)...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func reserved(module string, p goPackage, only map[string][]string) []string {
	name := local(module, p.ImportPath)
	var found []string
	for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
		for thing, importers := range only {
			if _, reservedThing := below(local(module, imported), []string{thing}); !reservedThing {
				continue
			}
			if !slices.ContainsFunc(importers, func(pattern string) bool { return matches(pattern, name) }) {
				found = append(found, fmt.Sprintf("%s or its test imports %s; only %s may", name, local(module, imported), list(importers)))
			}
		}
	}
	return found
}

// ruleFor finds the most exact rule: the package itself, else the longest folder.
func ruleFor(table []rule, name string) (rule, bool) {
	best, found := rule{}, false
	for _, r := range table {
		if r.pkg == name {
			return r, true
		}
		if matches(r.pkg, name) && (!found || len(r.pkg) > len(best.pkg)) {
			best, found = r, true
		}
	}
	return best, found
}

func mayImport(r rule, name, imported string) bool {
	if strings.HasPrefix(imported, name+"/internal/") {
		return true
	}
	return slices.ContainsFunc(r.ours, func(pattern string) bool {
		switch pattern {
		case anything:
			return true
		case parent:
			return imported == path.Dir(name)
		default:
			return matches(pattern, imported)
		}
	})
}

// matches knows two kinds of pattern: a path, and "path/..." for it and all below.
func matches(pattern, name string) bool {
	folder, tree := strings.CutSuffix(pattern, "/...")
	return name == folder || tree && strings.HasPrefix(name, folder+"/")
}

// below tells whether the path is one of the roots or below it, and which. Of the standard library's net only net itself
// and net/http are I/O; net/url and net/mail are parsers.
func below(importPath string, roots []string) (string, bool) {
	for _, r := range roots {
		if importPath == r || strings.HasPrefix(importPath, r+"/") && r != "net" {
			return r, true
		}
	}
	return "", false
}

func local(module, importPath string) string { return strings.TrimPrefix(importPath, module+"/") }

func list(names []string) string {
	if len(names) == 0 {
		return "nothing of ours"
	}
	return strings.Join(names, ", ")
}

// TestViolations shows that the rules bite.
func TestViolations(t *testing.T) {
	pkg := func(name string, imports ...string) goPackage {
		return goPackage{ImportPath: "ucal/" + name, Imports: imports, Deps: imports}
	}
	tests := []struct {
		name string
		pkg  goPackage
		want string // empty: allowed
	}{
		{"pure", pkg("flow", "fmt", "net/url", "strings"), ""},
		{"a file in flow", pkg("flow", "os"), "flow imports os; it must not import os"},
		{"http in flow", pkg("flow", "net/http/httptest"), "flow imports net/http/httptest; it must not import net/http"},
		{"dice in flow", pkg("flow/steps", "math/rand/v2"), "flow/steps imports math/rand/v2; it must not import math/rand"},
		{"flow knows nobody", pkg("flow", "ucal/desk"), "flow imports desk; it may import nothing of ours"},
		{"own internals", pkg("flow", "ucal/flow/internal/expr"), ""},
		{"contract", pkg("desk", "ucal/channel", "ucal/flow", "ucal/store", "gorm.io/gorm"), ""},
		{"adapter in desk", pkg("desk", "ucal/channel/telegram"), "desk imports channel/telegram; it may import flow, store, channel, internal/secret, internal/document"},
		{"Temporal behind a friend", goPackage{ImportPath: "ucal/desk", Deps: []string{"go.temporal.io/sdk/client"}}, "desk reaches go.temporal.io/sdk/client; nothing it imports may reach go.temporal.io"},
		{"adapter", pkg("channel/telegram", "ucal/channel", "ucal/internal/httpx", "net/http"), ""},
		{"siblings", pkg("channel/telegram", "ucal/channel/custom"), "channel/telegram imports channel/custom; it may import {parent}, internal/httpx"},
		{"contract imports adapter", pkg("channel", "ucal/channel/custom"), "channel imports channel/custom; it may import nothing of ours"},
		{"engine", pkg("workflows", "ucal/flow", "go.temporal.io/sdk/workflow"), ""},
		{"engine imports desk", pkg("workflows", "ucal/desk"), "workflows imports desk; it may import flow"},
		{"unit test links the server", goPackage{ImportPath: "ucal/worker", XTestImports: []string{"ucal/internal/devserver"}}, "worker or its test imports internal/devserver; only internal/devserver, internal/app, cmd/..., e2e/..., bench/... may"},
		{"binary", pkg("cmd/ucal", "ucal/internal/devserver", "ucal/api"), ""},
		{"binary imports the server", pkg("cmd/ucal", "go.temporal.io/server/temporal"), "cmd/ucal or its test imports go.temporal.io/server/temporal; only internal/devserver may"},
		{"newcomer", pkg("util"), "util has no rule: say in table_test.go what it may import"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := violations("ucal", []goPackage{tt.pkg}, table(), onlyImporters())
			if tt.want == "" {
				require.Empty(t, got)
				return
			}
			require.Equal(t, []string{tt.want}, got)
		})
	}
}
