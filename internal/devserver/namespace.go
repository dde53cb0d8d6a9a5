package devserver

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	persistencespb "go.temporal.io/server/api/persistence/v1"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/persistence/serialization"
	"go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/common/resolver"
	"go.temporal.io/server/common/searchattribute/sadefs"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

// SearchAttributeType is the type of a search attribute's value.
type SearchAttributeType int

// The types that the Temporal UI and the list APIs can query.
const (
	Keyword SearchAttributeType = iota + 1
	KeywordList
	Text
	Int
	Double
	Bool
	Datetime
)

func (t SearchAttributeType) temporal() (enumspb.IndexedValueType, error) {
	switch t {
	case Keyword:
		return enumspb.INDEXED_VALUE_TYPE_KEYWORD, nil
	case KeywordList:
		return enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST, nil
	case Text:
		return enumspb.INDEXED_VALUE_TYPE_TEXT, nil
	case Int:
		return enumspb.INDEXED_VALUE_TYPE_INT, nil
	case Double:
		return enumspb.INDEXED_VALUE_TYPE_DOUBLE, nil
	case Bool:
		return enumspb.INDEXED_VALUE_TYPE_BOOL, nil
	case Datetime:
		return enumspb.INDEXED_VALUE_TYPE_DATETIME, nil
	default:
		return 0, fmt.Errorf("search attribute type %d is unknown; use Keyword, KeywordList, Text, Int, Double, Bool or Datetime", t)
	}
}

// ensureNamespace makes the namespace, or adds to an existing one the search attributes it lacks. It writes the row
// before the server starts, because the API would need a running server and seconds until its caches follow.
func ensureNamespace(ctx context.Context, cfg *config.SQL, name string, attributes map[string]SearchAttributeType) error {
	db, err := sql.NewSQLDB(sqlplugin.DbKindMain, cfg, resolver.NewNoopResolver(), log.NewNoopLogger(), metrics.NoopMetricsHandler)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()

	rows, err := db.SelectFromNamespace(ctx, sqlplugin.NamespaceFilter{Name: &name})
	if err != nil && !errors.Is(err, stdsql.ErrNoRows) {
		return err
	}
	if len(rows) == 0 {
		return createNamespace(cfg, name, attributes)
	}
	row := rows[0]
	encoding, err := enumspb.EncodingTypeFromString(row.DataEncoding)
	if err != nil {
		return err
	}
	detail, err := serialization.NewSerializer().NamespaceDetailFromBlob(&commonpb.DataBlob{Data: row.Data, EncodingType: encoding})
	if err != nil {
		return err
	}
	aliases := detail.GetConfig().GetCustomSearchAttributeAliases()
	merged, err := assignFields(aliases, attributes)
	if err != nil || maps.Equal(merged, aliases) {
		return err
	}
	detail.Config.CustomSearchAttributeAliases = merged
	blob, err := serialization.NewSerializer().NamespaceDetailToBlob(detail)
	if err != nil {
		return err
	}
	row.Data, row.DataEncoding = blob.GetData(), blob.GetEncodingType().String()
	_, err = db.UpdateNamespace(ctx, &row)
	return err
}

func createNamespace(cfg *config.SQL, name string, attributes map[string]SearchAttributeType) error {
	aliases, err := assignFields(nil, attributes)
	if err != nil {
		return err
	}
	return sqliteschema.CreateNamespaces(cfg, &sqliteschema.NamespaceConfig{Detail: &persistencespb.NamespaceDetail{
		Info: &persistencespb.NamespaceInfo{
			Id:    primitives.NewUUID().String(),
			State: enumspb.NAMESPACE_STATE_REGISTERED,
			Name:  name,
		},
		Config: &persistencespb.NamespaceConfig{
			Retention:                    durationpb.New(retention),
			HistoryArchivalState:         enumspb.ARCHIVAL_STATE_DISABLED,
			VisibilityArchivalState:      enumspb.ARCHIVAL_STATE_DISABLED,
			CustomSearchAttributeAliases: aliases,
		},
		ReplicationConfig: &persistencespb.NamespaceReplicationConfig{
			ActiveClusterName: clusterName,
			Clusters:          []string{clusterName},
		},
		// A namespace that is not replicated has no failover.
		FailoverNotificationVersion: -1,
	}})
}

// assignFields gives every attribute a column: Temporal's SQL store has a fixed number for each type ("Keyword01" …) and
// a namespace maps them to names. What is mapped already keeps its column.
func assignFields(existing map[string]string, attributes map[string]SearchAttributeType) (map[string]string, error) {
	columns := sadefs.GetDBIndexSearchAttributes(nil).GetCustomSearchAttributes()
	result := maps.Clone(existing)
	if result == nil {
		result = map[string]string{}
	}
	columnOf := map[string]string{}
	for column, name := range result {
		columnOf[name] = column
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		kind, err := attributes[name].temporal()
		if err != nil {
			return nil, fmt.Errorf("search attribute %q: %w", name, err)
		}
		if column, ok := columnOf[name]; ok {
			if columns[column] != kind {
				return nil, fmt.Errorf("search attribute %q is registered as %s and cannot become %s; give the new one another name", name, columns[column], kind)
			}
			continue
		}
		column := freeColumn(columns, result, kind)
		if column == "" {
			return nil, fmt.Errorf("search attribute %q: no %s is left; use fewer of that type", name, kind)
		}
		result[column] = name
	}
	return result, nil
}

func freeColumn(columns map[string]enumspb.IndexedValueType, used map[string]string, kind enumspb.IndexedValueType) string {
	for _, column := range slices.Sorted(maps.Keys(columns)) {
		if _, taken := used[column]; columns[column] == kind && !taken {
			return column
		}
	}
	return ""
}
