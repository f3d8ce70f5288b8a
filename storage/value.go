package storage

import (
	"database/sql"
	"encoding/json"
	"time"
)

// stamp is a time as the database holds it: milliseconds, or NULL for the zero time.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// moment reads what stamp wrote.
func moment(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return time.UnixMilli(ms.Int64).UTC()
}

// document is a value as JSON text. The values are our own and always encode.
func document(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // a type that has no JSON form: a program bug
	}
	return string(text)
}

// bit is a bool as STRICT tables hold it.
func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
