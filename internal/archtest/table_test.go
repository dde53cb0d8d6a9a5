package archtest

// Third-party code that only some packages may reach.
const (
	temporal       = "go.temporal.io"
	temporalServer = "go.temporal.io/server"
	temporalUI     = "github.com/temporalio/ui-server"
	gin            = "github.com/gin-gonic"
	gorm           = "gorm.io"
)

// anything lets a package import all of ours: the places where the parts are put together.
const anything = "..."

// parent is the folder above, so that siblings stay strangers: channel/telegram may import channel, not channel/whatsapp.
const parent = "{parent}"

// rule says what one package, or with a final "/..." a folder of packages, may import.
type rule struct {
	pkg string
	// ours are the packages of this module that may be imported, as paths from its root.
	ours []string
	// neverDirect are import paths that the package itself may not import, themselves or anything below them. The
	// standard library is judged so, because nearly all of it reaches os in the end.
	neverDirect []string
	// neverAtAll may not even be reached through others.
	neverAtAll []string
}

// io is what touches the world outside the process, and what makes two runs of the same code differ.
func io() []string {
	return []string{
		"crypto/rand", "database/sql", "log", "math/rand", "net", "net/http", "os", "path/filepath", "plugin", "syscall", "testing",
	}
}

// table is the import table of docs/architecture.md. The most exact rule for a package holds; packages that do not exist
// yet are no error, packages without a rule are.
func table() []rule {
	return []rule{
		{pkg: "flow/...", neverDirect: io(), neverAtAll: []string{temporal, gin, gorm}},
		{pkg: "store/...", neverAtAll: []string{temporal, gin}},
		{pkg: "channel", neverAtAll: []string{temporal, gin, gorm}},
		{pkg: "channel/...", ours: []string{parent, "internal/httpx"}, neverAtAll: []string{temporal, gin, gorm}},
		{pkg: "connect/...", ours: []string{parent, "internal/httpx"}, neverAtAll: []string{temporal, gin, gorm}},
		{pkg: "desk/...", ours: []string{"flow", "store", "channel", "internal/secret", "internal/document"}, neverAtAll: []string{temporal, gin}},
		{pkg: "workflows/...", ours: []string{"flow"}, neverDirect: io(), neverAtAll: []string{temporalServer, gin, gorm}},
		{pkg: "activities/...", ours: []string{"flow", "desk", "channel/...", "connect/..."}, neverAtAll: []string{temporalServer, gin}},
		{pkg: "worker/...", ours: []string{"workflows", "activities", "desk", "flow", "store", "channel"}, neverAtAll: []string{temporalServer, gin}},
		{pkg: "api/...", ours: []string{"desk", "flow", "templates", "channel/..."}, neverAtAll: []string{temporalServer}},
		{pkg: "templates/...", ours: []string{"flow"}, neverAtAll: []string{temporal, gin, gorm}},
		{pkg: "web/...", neverAtAll: []string{temporal, gin, gorm}},

		{pkg: "internal/config"},
		{pkg: "internal/httpx"},
		{pkg: "internal/secret"},
		{pkg: "internal/document", neverAtAll: []string{temporal, gin, gorm}},
		{pkg: "internal/apart", ours: []string{"internal/document"}, neverAtAll: []string{temporal, gin, gorm}},
		{pkg: "internal/telemetry"},
		{pkg: "internal/dbtest", ours: []string{"store"}, neverAtAll: []string{temporal, gin}},
		{pkg: "internal/dnstest", neverAtAll: []string{temporal, gin, gorm}},
		{pkg: "internal/devserver", ours: []string{"internal/config"}},
		{pkg: "internal/archtest"},
		{pkg: "deploy"},

		{pkg: "internal/app", ours: []string{anything}},
		{pkg: "cmd/...", ours: []string{anything}},
		{pkg: "e2e/...", ours: []string{anything}},
		{pkg: "bench/...", ours: []string{anything}},
		{pkg: "examples/...", ours: []string{anything}},
	}
}

// onlyImporters are the packages that may import a thing, tests included. The Temporal server takes minutes to compile,
// so that a unit test which linked it would cost everybody those minutes.
func onlyImporters() map[string][]string {
	return map[string][]string{
		temporalServer:       {"internal/devserver"},
		temporalUI:           {"internal/devserver"},
		"internal/devserver": {"internal/devserver", "internal/app", "cmd/...", "e2e/...", "bench/..."},
	}
}

// clockless are the folders whose code may not ask what time it is: the interpreter gets the time from its host, Temporal
// workflows from the engine.
func clockless() []string { return []string{"flow", "workflows"} }

// maxLines is the length above which a file must be split, or named in longFiles.
const maxLines = 400

// longFiles may be longer, with the reason.
func longFiles() map[string]string { return map[string]string{} }
