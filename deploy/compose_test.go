// Package deploy_test checks the files that put ucal into production: docker-compose.yml, Dockerfile and what they
// mount. Start reading at TestCompose.
package deploy_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
)

// jobs run once and end; everything else runs for good.
func jobs() []string { return []string{"temporal-namespace", "temporal-schema", "ucal-migrate"} }

// pinned is an image with a tag that starts with a number or, for images that are built from this tree, a name.
var pinned = regexp.MustCompile(`^[a-z0-9./-]+:(\d+(\.\d+)+|dev)$`)

func load(t *testing.T, env types.Mapping) (*types.Project, error) {
	t.Helper()
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	return loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  root,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(root, "docker-compose.yml")}},
		Environment: env,
	})
}

func compose(t *testing.T) *types.Project {
	t.Helper()
	project, err := load(t, types.Mapping{"POSTGRES_PASSWORD": "secret", "UCAL_ENCRYPTION_KEY": "key"})
	require.NoError(t, err)
	return project
}

func TestCompose(t *testing.T) {
	project := compose(t)
	require.Equal(t, "ucal", project.Name)
	require.Equal(t, []string{
		"postgres", "temporal", "temporal-namespace", "temporal-schema", "temporal-ui", "ucal-api", "ucal-migrate", "ucal-worker",
	}, slices.Sorted(maps.Keys(project.Services)))

	for name, service := range project.Services {
		t.Run(name, func(t *testing.T) {
			require.Regexp(t, pinned, service.Image, "images are pinned to a version")
			if slices.Contains(jobs(), name) {
				require.Regexp(t, `^on-failure:\d+$`, service.Restart, "a job is tried again, but not without end")
				return
			}
			require.Equal(t, "unless-stopped", service.Restart)
			if service.HealthCheck == nil {
				require.Equal(t, "ucal-worker", name, "only the worker may lack a health check")
				require.Contains(t, service.Labels["ucal.healthcheck"], "listens nowhere")
				return
			}
			require.NotEmpty(t, service.HealthCheck.Test)
			require.NotNil(t, service.HealthCheck.Interval)
			require.NotNil(t, service.HealthCheck.Retries)
		})
	}
}

// TestOrder checks that nobody starts before what it needs is there: a job has ended well, a server is healthy.
func TestOrder(t *testing.T) {
	const done, healthy = types.ServiceConditionCompletedSuccessfully, types.ServiceConditionHealthy
	want := map[string]map[string]string{
		"postgres":           {},
		"temporal-schema":    {"postgres": healthy},
		"temporal":           {"temporal-schema": done},
		"temporal-namespace": {"temporal": healthy},
		"temporal-ui":        {"temporal": healthy},
		"ucal-migrate":       {"postgres": healthy},
		"ucal-api":           {"ucal-migrate": done},
		"ucal-worker":        {"ucal-migrate": done, "temporal-namespace": done},
	}
	got := map[string]map[string]string{}
	for name, service := range compose(t).Services {
		got[name] = map[string]string{}
		for needed, dependency := range service.DependsOn {
			got[name][needed] = dependency.Condition
		}
	}
	require.Equal(t, want, got)
}

func TestTemporalIsStock(t *testing.T) {
	services := compose(t).Services
	require.Equal(t, "temporalio/server:"+required(t, "go.temporal.io/server"), services["temporal"].Image, "the version that is embedded")
	require.Equal(t, "temporalio/ui:"+required(t, "github.com/temporalio/ui-server/v2"), services["temporal-ui"].Image, "the version that is embedded")
	for _, job := range []string{"temporal-schema", "temporal-namespace"} {
		require.Equal(t, strings.Replace(services["temporal"].Image, "server", "admin-tools", 1), services[job].Image, "tools and server go together")
	}
	env := services["temporal"].Environment
	require.Equal(t, "128", *env["NUM_HISTORY_SHARDS"], "can never be changed once a cluster has started")
	var mounted []string
	for _, volume := range services["temporal"].Volumes {
		mounted = append(mounted, volume.Target)
	}
	require.Contains(t, mounted, *env["DYNAMIC_CONFIG_FILE_PATH"])
	require.Equal(t, "127.0.0.1", services["temporal-ui"].Ports[0].HostIP, "the UI has no login")
}

// required is the version of a module in go.mod, without the v.
func required(t *testing.T, module string) string {
	t.Helper()
	gomod, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	match := regexp.MustCompile(`(?m)^\s+` + regexp.QuoteMeta(module) + ` v(\S+)`).FindSubmatch(gomod)
	require.NotNil(t, match, "go.mod does not require %s", module)
	return string(match[1])
}

func TestUcalServices(t *testing.T) {
	services := compose(t).Services
	for name, command := range map[string]types.ShellCommand{"ucal-migrate": {"migrate", "--skip-temporal"}, "ucal-api": {"api"}, "ucal-worker": {"worker"}} {
		service := services[name]
		require.Equal(t, command, service.Command)
		require.Equal(t, "postgres://ucal:secret@postgres:5432/ucal?sslmode=disable", *service.Environment["UCAL_DATABASE_URL"])
		require.Equal(t, "temporal:7233", *service.Environment["UCAL_TEMPORAL_ADDRESS"])
		require.Equal(t, "key", *service.Environment["UCAL_ENCRYPTION_KEY"])
	}
	require.Equal(t, ":8080", *services["ucal-api"].Environment["UCAL_LISTEN"])
	require.Equal(t, uint32(8080), services["ucal-api"].Ports[0].Target)
}

func TestMountedFilesExist(t *testing.T) {
	for name, service := range compose(t).Services {
		for _, volume := range service.Volumes {
			if volume.Type != types.VolumeTypeBind {
				continue
			}
			info, err := os.Stat(volume.Source)
			require.NoError(t, err, "%s mounts %s", name, volume.Source)
			if info.IsDir() { // of scripts, one of which is the command
				require.Equal(t, "/bin/sh", service.Command[0])
				script, err := filepath.Rel(volume.Target, service.Command[1])
				require.NoError(t, err)
				require.FileExists(t, filepath.Join(volume.Source, script))
			}
		}
	}
}

func TestSecretsHaveNoDefault(t *testing.T) {
	for _, missing := range []string{"POSTGRES_PASSWORD", "UCAL_ENCRYPTION_KEY"} {
		env := types.Mapping{"POSTGRES_PASSWORD": "secret", "UCAL_ENCRYPTION_KEY": "key"}
		delete(env, missing)
		_, err := load(t, env)
		require.ErrorContains(t, err, missing)
		require.ErrorContains(t, err, "set it in .env")
	}
}

// TestEnvExample keeps .env.example complete: every variable that docker-compose.yml asks for is explained there.
func TestEnvExample(t *testing.T) {
	file, err := os.ReadFile("../docker-compose.yml")
	require.NoError(t, err)
	example, err := os.ReadFile("../.env.example")
	require.NoError(t, err)
	asked := map[string]bool{}
	for _, match := range regexp.MustCompile(`\$\{([A-Z_]+)`).FindAllSubmatch(file, -1) {
		asked[string(match[1])] = true
	}
	given := map[string]bool{}
	for _, match := range regexp.MustCompile(`(?m)^([A-Z_]+)=`).FindAllSubmatch(example, -1) {
		given[string(match[1])] = true
	}
	require.Equal(t, asked, given)
}

func TestDockerfile(t *testing.T) {
	file, err := os.ReadFile("../Dockerfile")
	require.NoError(t, err)
	var bases []string
	for _, match := range regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllSubmatch(file, -1) {
		bases = append(bases, string(match[1]))
	}
	gomod, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindSubmatch(gomod)
	require.NotNil(t, version)
	require.Equal(t, []string{"golang:" + string(version[1]), "gcr.io/distroless/static-debian13:nonroot"}, bases)
	for _, want := range []string{"CGO_ENABLED=0", "-trimpath", `-ldflags "-s -w`, `ENTRYPOINT ["/ucal"]`} {
		require.Contains(t, string(file), want)
	}
}
