package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// private is the mode of every file: what is in them is for the operator's account only.
const private = 0o600

// lockFile takes the lock that only one process can have; it ends with the process. The
// file itself stays, since a lock on a removed file would keep nobody out.
func lockFile(path string) (*os.File, error) {
	// Only the last folder is made: a longer path that is not there is likely a mistake.
	if err := os.Mkdir(filepath.Dir(path), 0o700); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the folder %s is not there; make it first", filepath.Dir(filepath.Dir(path)))
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, private)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrLocked
	}
	return nil, errors.Join(err, f.Close())
}

// ensureFile makes the database file before SQLite does, which would let others read it.
// SQLite gives its -wal and -shm files the mode of the database.
// https://sqlite.org/src/file/src/os_unix.c, findCreateFileMode
func ensureFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, private)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Chmod(path+suffix, private); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
