package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"runtime"

	"github.com/mattn/go-sqlite3"
)

// connector opens connections that have every pragma that the store relies on, or none.
type connector struct {
	dsn    string
	driver *sqlite3.SQLiteDriver
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.driver }

// pragma is a setting and the value that it must read back as. The driver takes unknown
// settings without a word, so each connection is asked.
type pragma struct {
	name string
	want any
}

var common = []pragma{
	{"foreign_keys", int64(1)},
	{"busy_timeout", int64(5000)},
	{"journal_mode", "wal"},
	{"trusted_schema", int64(0)},
	{"cell_size_check", int64(1)},
}

// writerPool has one connection. FULL makes each commit outlive a loss of power.
func writerPool(path string) *sql.DB {
	db := pool(path, url.Values{
		"_journal_mode":       {"WAL"},
		"_synchronous":        {"FULL"},
		"_foreign_keys":       {"on"},
		"_busy_timeout":       {"5000"},
		"_txlock":             {"immediate"},
		"_recursive_triggers": {"on"},
		"_stmt_cache_size":    {"64"},
	}, append([]pragma{{"synchronous", int64(2)}, {"recursive_triggers", int64(1)}}, common...))
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	return db
}

func readerPool(path string) *sql.DB {
	db := pool(path, url.Values{
		"mode":             {"ro"},
		"_query_only":      {"on"},
		"_foreign_keys":    {"on"},
		"_busy_timeout":    {"5000"},
		"_stmt_cache_size": {"64"},
	}, append([]pragma{{"query_only", int64(1)}}, common...))
	n := max(2, min(4, runtime.NumCPU()))
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db
}

func pool(path string, settings url.Values, expect []pragma) *sql.DB {
	dsn := url.URL{Scheme: "file", Path: path, RawQuery: settings.Encode()}
	return sql.OpenDB(connector{dsn.String(), &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		if _, err := c.Exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON", nil); err != nil {
			return err
		}
		for _, p := range expect {
			got, err := readPragma(c, p.name)
			if err != nil {
				return err
			}
			if got != p.want {
				return fmt.Errorf("pragma %s is %v, not %v", p.name, got, p.want)
			}
		}
		return nil
	}}})
}

func readPragma(c *sqlite3.SQLiteConn, name string) (_ any, err error) {
	rows, err := c.Query("PRAGMA "+name, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]driver.Value, 1)
	if err := rows.Next(row); err != nil {
		return nil, fmt.Errorf("pragma %s: %w", name, err)
	}
	return row[0], nil
}
