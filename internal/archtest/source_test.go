package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// source is one parsed Go file of ours.
type source struct {
	path  string // from the module's root, with slashes
	file  *ast.File
	fset  *token.FileSet
	lines int
}

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

func TestNoInit(t *testing.T) {
	var found []string
	for _, s := range sources(t) {
		found = append(found, inits(s)...)
	}
	require.Empty(t, strings.Join(found, "\n"), "name things in one list instead: nobody chooses the order of init functions")
}

func TestNoClockInPureCode(t *testing.T) {
	var found []string
	for _, s := range sources(t) {
		if folder, _, _ := strings.Cut(s.path, "/"); slices.Contains(clockless(), folder) && !s.isTest() {
			found = append(found, clockUses(s)...)
		}
	}
	require.Empty(t, strings.Join(found, "\n"), "take the time from the host or from workflow.Now")
}

func TestFileLength(t *testing.T) {
	reasons := longFiles()
	var found []string
	for _, s := range sources(t) {
		if s.isTest() || ast.IsGenerated(s.file) {
			continue
		}
		reason, listed := reasons[s.path]
		delete(reasons, s.path)
		switch long := s.lines > maxLines; {
		case long && !listed:
			found = append(found, fmt.Sprintf("%s has %d lines: split it, or name it in longFiles with a reason", s.path, s.lines))
		case long && reason == "":
			found = append(found, s.path+" is in longFiles without a reason")
		case !long && listed:
			found = append(found, s.path+" is short again: take it off longFiles")
		}
	}
	for gone := range reasons {
		found = append(found, gone+" is in longFiles and does not exist")
	}
	require.Empty(t, strings.Join(found, "\n"))
}

// sources parses every Go file of this module.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() {
			if name != root && (strings.HasPrefix(base, ".") || slices.Contains([]string{"bin", "data", "node_modules", "testdata"}, base)) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(base) != ".go" {
			return nil
		}
		content, err := os.ReadFile(name) //nolint:gosec // a file of this repository
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		s, err := parse(filepath.ToSlash(rel), string(content))
		all = append(all, s)
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all
}

func parse(name, content string) (source, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, content, parser.ParseComments|parser.SkipObjectResolution)
	return source{path: name, file: file, fset: fset, lines: strings.Count(content, "\n")}, err
}

// inits lists the file's init functions.
func inits(s source) []string {
	var found []string
	for _, decl := range s.file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			found = append(found, s.fset.Position(f.Pos()).String())
		}
	}
	return found
}

// clockUses lists where the file asks for the time or waits for it to pass, under whatever name it imports time.
func clockUses(s source) []string {
	name := importName(s.file, "time")
	if name == "" {
		return nil
	}
	forbidden := []string{"After", "AfterFunc", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until"}
	var found []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok || !slices.Contains(forbidden, selector.Sel.Name) {
			return true
		}
		if pkg, ok := selector.X.(*ast.Ident); ok && pkg.Name == name {
			found = append(found, fmt.Sprintf("%s: time.%s", s.fset.Position(selector.Pos()), selector.Sel.Name))
		}
		return true
	})
	return found
}

// importName is the name under which the file knows the package, empty when it does not import it.
func importName(file *ast.File, importPath string) string {
	for _, spec := range file.Imports {
		if value, err := strconv.Unquote(spec.Path.Value); err != nil || value != importPath {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(importPath)
	}
	return ""
}

// TestSourceRules shows that the rules bite.
func TestSourceRules(t *testing.T) {
	s, err := parse("flow/x.go", `package flow

import clock "time"

type timer struct{}

func (timer) init() {}

func init() {}

func bad(at clock.Time) bool { return clock.Since(at) > clock.Second || at.After(clock.Now()) }
`)
	require.NoError(t, err)
	require.Equal(t, []string{"flow/x.go:9:1"}, inits(s))
	require.Equal(t, []string{"flow/x.go:11:39: time.Since", "flow/x.go:11:82: time.Now"}, clockUses(s))
	require.Equal(t, 11, s.lines)
}
