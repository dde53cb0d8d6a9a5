package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
)

// maxStatements is how many prepared statements one SQLite connection keeps.
// The message path needs about a hundred.
const maxStatements = 256

// openPool opens a pool whose connections keep their prepared statements:
// database/sql prepares each query anew in each transaction, and parsing was an
// eighth of the CPU time of a message. PostgreSQL's driver has its own cache.
func openPool(dsn string) (*sql.DB, error) {
	db, err := sql.Open(sqliteDriver, dsn) // for its driver only: it connects when it is used
	if err != nil {
		return nil, err
	}
	d := db.Driver()
	return sql.OpenDB(keepingConnector{d, dsn}), db.Close()
}

type keepingConnector struct {
	driver driver.Driver
	dsn    string
}

func (k keepingConnector) Driver() driver.Driver { return k.driver }

func (k keepingConnector) Connect(context.Context) (driver.Conn, error) {
	c, err := k.driver.Open(k.dsn)
	if err != nil {
		return nil, err
	}
	inner, ok := c.(pooledConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the SQLite driver's connection %T lacks methods", c), c.Close())
	}
	return &keepingConn{pooledConn: inner, kept: map[string]*keptStmt{}}, nil
}

// pooledConn is what the driver's connections can do in a pool.
type pooledConn interface {
	sqliteConn
	driver.SessionResetter
	driver.Validator
	driver.Pinger
}

// keepingConn is used by one goroutine at a time, as database/sql promises.
type keepingConn struct {
	pooledConn
	kept  map[string]*keptStmt
	order []string // oldest first
}

type keptStmt struct {
	stmt interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}
	busy bool // its rows are being read
}

// statement returns the kept statement of a query; nil for one that is not
// worth it, or that is busy: the driver then prepares another.
func (c *keepingConn) statement(ctx context.Context, query string) (*keptStmt, error) {
	if s := c.kept[query]; s != nil {
		if s.busy {
			return nil, nil
		}
		return s, nil
	}
	switch verb, _, _ := strings.Cut(query, " "); verb {
	case "SELECT", "INSERT", "UPDATE", "DELETE":
	default:
		return nil, nil
	}
	if err := c.makeRoom(); err != nil {
		return nil, err
	}
	st, err := c.pooledConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s := &keptStmt{}
	var ok bool
	if s.stmt, ok = st.(interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}); !ok {
		return nil, st.Close()
	}
	c.kept[query] = s
	c.order = append(c.order, query)
	return s, nil
}

// makeRoom drops the oldest statement that nobody reads when the limit is reached.
func (c *keepingConn) makeRoom() error {
	if len(c.order) < maxStatements {
		return nil
	}
	for i, q := range c.order {
		if s := c.kept[q]; !s.busy {
			delete(c.kept, q)
			c.order = append(c.order[:i:i], c.order[i+1:]...)
			return s.stmt.Close()
		}
	}
	return nil
}

func (c *keepingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.pooledConn.ExecContext(ctx, query, args)
	}
	return s.stmt.ExecContext(ctx, args)
}

func (c *keepingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.pooledConn.QueryContext(ctx, query, args)
	}
	rows, err := s.stmt.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	inner, ok := rows.(sqliteRows)
	if !ok { // without its column types nobody may reuse it
		return nil, errors.Join(fmt.Errorf("the SQLite driver's rows %T lack methods", rows), rows.Close())
	}
	s.busy = true
	return &keptRows{inner, s}, nil
}

func (c *keepingConn) Close() error {
	var errs []error
	for _, s := range c.kept {
		errs = append(errs, s.stmt.Close())
	}
	return errors.Join(append(errs, c.pooledConn.Close())...)
}

// sqliteRows is what the driver's rows tell of their columns.
type sqliteRows interface {
	driver.Rows
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeLength
	driver.RowsColumnTypeNullable
	driver.RowsColumnTypePrecisionScale
	driver.RowsColumnTypeScanType
}

// keptRows gives its statement back when it is closed.
type keptRows struct {
	sqliteRows
	of *keptStmt
}

func (r *keptRows) Close() error {
	r.of.busy = false
	return r.sqliteRows.Close()
}
