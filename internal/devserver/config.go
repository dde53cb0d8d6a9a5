package devserver

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
)

const (
	clusterName = "active"
	mainStore   = "main"
	// visibilityStore lists runs for the UI and the list APIs.
	visibilityStore = "visibility"
	// historyShards is written into the file when it is made and can never be changed afterwards.
	historyShards = 1
	// retention of closed runs in Temporal. ucal keeps its own timeline, this is for looking at them in the UI.
	retention = 7 * 24 * time.Hour
)

// stores are Temporal's two databases: what runs are made of, and the list of runs that the UI shows.
//
// Temporal writes SQLite through one connection. In one file, every run would wait for the index entries of the list,
// which cost more than the run itself; in two files they are written beside it.
type stores struct {
	main, visibility *config.SQL
}

func newStores(file string) stores {
	if file == "" {
		memory := memoryConfig()
		return stores{main: memory, visibility: memory}
	}
	return stores{main: fileConfig(file), visibility: fileConfig(visibilityFile(file))}
}

// visibilityFile stands beside the main file: temporal.db and temporal-visibility.db.
func visibilityFile(file string) string {
	ext := filepath.Ext(file)
	return strings.TrimSuffix(file, ext) + "-visibility" + ext
}

func fileConfig(file string) *config.SQL {
	return &config.SQL{
		PluginName:   sqlite.PluginName,
		DatabaseName: escapePath(file),
		ConnectAttributes: map[string]string{
			"mode":         "rwc",
			"busy_timeout": "5000",
			"journal_mode": "wal",
			"synchronous":  "normal",
			"temp_store":   "memory",
		},
	}
}

// memoryConfig names its database at random, so that servers in one process do not share it.
func memoryConfig() *config.SQL {
	return &config.SQL{
		PluginName:        sqlite.PluginName,
		DatabaseName:      fmt.Sprintf("ucal-%d", rand.Uint64()),
		ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
	}
}

// escapePath makes a file name safe inside an SQLite URI, where ?, # and % have a meaning.
func escapePath(file string) string { return (&url.URL{Path: file}).EscapedPath() }

func serverConfig(cfg Config, p *ports, db stores) *config.Config {
	service := func(name portName, host string) config.Service {
		return config.Service{RPC: config.RPC{GRPCPort: p.port(name), BindOnIP: host}}
	}
	return &config.Config{
		Services: map[string]config.Service{
			string(primitives.FrontendService): service(portFrontend, cfg.Host),
			string(primitives.HistoryService):  service(portHistory, loopback),
			string(primitives.MatchingService): service(portMatching, loopback),
			string(primitives.WorkerService):   service(portWorker, loopback),
		},
		Global: config.Global{
			Membership: config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: loopback},
		},
		Persistence: config.Persistence{
			DefaultStore:     mainStore,
			VisibilityStore:  visibilityStore,
			NumHistoryShards: historyShards,
			DataStores:       map[string]config.DataStore{mainStore: {SQL: db.main}, visibilityStore: {SQL: db.visibility}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: p.frontendAddr()},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
		}},
		PublicClient: config.PublicClient{HostPort: p.frontendAddr()},
	}
}

// staticHosts spares the gossip ring, which would need seconds to find out that it has one member.
func staticHosts(p *ports) map[primitives.ServiceName]static.Hosts {
	return map[primitives.ServiceName]static.Hosts{
		primitives.FrontendService: static.SingleLocalHost(p.frontendAddr()),
		primitives.HistoryService:  static.SingleLocalHost(hostPort(loopback, p.port(portHistory))),
		primitives.MatchingService: static.SingleLocalHost(hostPort(loopback, p.port(portMatching))),
		primitives.WorkerService:   static.SingleLocalHost(hostPort(loopback, p.port(portWorker))),
	}
}

// dynamicConfig is that of every embedded server, with what this one was asked for.
func (cfg Config) dynamicConfig() dynamicconfig.StaticClient {
	settings := dynamicConfig()
	if cfg.RenewAfter > 0 {
		settings[dynamicconfig.HistoryCountSuggestContinueAsNew.Key()] = cfg.RenewAfter
		// An execution that lives for less than this keeps the next one waiting for the rest: a second by default.
		settings[dynamicconfig.WorkflowIdReuseMinimalInterval.Key()] = 20 * time.Millisecond
	}
	return settings
}

// dynamicConfig is what deploy/temporal/dynamicconfig.yaml says for production, with the limits of a shared cluster
// lifted: everything here has one user.
func dynamicConfig() dynamicconfig.StaticClient {
	const unlimited = 100_000
	return dynamicconfig.StaticClient{
		// One partition: tasks never wait in a partition that no poller looks at.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
		dynamicconfig.MatchingEnableFairness.Key():              true,
		// Timers under a second fire when they are due instead of up to a second later.
		dynamicconfig.TimerProcessorMaxTimeShift.Key():   50 * time.Millisecond,
		dynamicconfig.EnableEagerWorkflowStart.Key():     true,
		dynamicconfig.EnableActivityEagerExecution.Key(): true,

		// 20 a second and shard by default: with our one shard every task that passes through a queue waited up to 50 ms.
		dynamicconfig.TransferProcessorMaxPollRPS.Key():                  unlimited,
		dynamicconfig.TimerProcessorMaxPollRPS.Key():                     unlimited,
		dynamicconfig.VisibilityProcessorMaxPollRPS.Key():                unlimited,
		dynamicconfig.FrontendRPS.Key():                                  unlimited,
		dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key():           unlimited,
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): unlimited,
		dynamicconfig.HistoryRPS.Key():                                   unlimited,
		dynamicconfig.MatchingRPS.Key():                                  unlimited,
		dynamicconfig.FrontendPersistenceMaxQPS.Key():                    unlimited,
		dynamicconfig.HistoryPersistenceMaxQPS.Key():                     unlimited,
		dynamicconfig.MatchingPersistenceMaxQPS.Key():                    unlimited,

		// Scanners look for the leftovers of large clusters.
		dynamicconfig.TaskQueueScannerEnabled.Key():  false,
		dynamicconfig.HistoryScannerEnabled.Key():    false,
		dynamicconfig.ExecutionsScannerEnabled.Key(): false,
		dynamicconfig.BuildIdScavengerEnabled.Key():  false,

		dynamicconfig.PersistenceHealthSignalMetricsEnabled.Key(): false,
	}
}
