package github

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"runnerdesk/internal/fleet"
)

// translate turns whatever a call ended with into an error of fleet, or the context's.
// Nothing of the original text survives: it may hold what a server said. For a write,
// sent tells whether it may have reached the server.
func translate(ctx context.Context, err error, write, sent bool) error {
	if err == nil {
		return nil
	}
	if final := (*settled)(nil); errors.As(err, &final) {
		return final.err
	}
	if errors.Is(err, fleet.ErrUnsafe) {
		return fleet.ErrUnsafe
	}
	broken := &fleet.UnavailableError{MayHaveActed: write && sent}
	switch ended := ctx.Err(); {
	case ended != nil && !write:
		return ended
	case ended != nil:
		broken.What = "the call was given up"
		return fmt.Errorf("%w: %w", broken, ended)
	case errors.Is(err, context.DeadlineExceeded) || timedOut(err):
		broken.What = "no answer in time"
		return fmt.Errorf("%w: %w", broken, context.DeadlineExceeded)
	}
	broken.Status, broken.What = unreadable(err, write)
	if broken.What == "" {
		broken.What = unreachable(err)
	}
	return broken
}

func timedOut(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// unreadable tells what is wrong with a body that came with the right status, or
// nothing when it was something else.
func unreadable(err error, write bool) (status int, what string) {
	status = http.StatusOK
	if write {
		status = http.StatusCreated // the only write with a body
	}
	var (
		large  *http.MaxBytesError
		syntax *json.SyntaxError
		kind   *json.UnmarshalTypeError
		parse  *time.ParseError
	)
	switch {
	case errors.As(err, &large):
		return status, "its answer is too large"
	case errors.As(err, &syntax):
		return status, "its answer is not GitHub's JSON; is there a proxy or a sign-in page in between?"
	case errors.As(err, &kind) || errors.As(err, &parse):
		return status, "its answer has another shape than GitHub describes"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return 0, "its answer was cut off"
	}
	return 0, ""
}

// unreachable tells why there was no answer.
func unreachable(err error) string {
	var (
		dns     *net.DNSError
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
		record  tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &dns):
		return "its host name is not known"
	case errors.As(err, &unknown) || errors.As(err, &host) || errors.As(err, &invalid):
		return "its TLS certificate is not trusted"
	case errors.As(err, &record):
		return "it does not speak TLS"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	}
	return "the connection broke"
}

// worthAnother reports whether a read is worth another try: after a 5xx or a broken
// connection, not after a deadline.
func worthAnother(err error) bool {
	var u *fleet.UnavailableError
	return errors.As(err, &u) && (u.Status == 0 || u.Status >= 500) && !errors.Is(err, context.DeadlineExceeded)
}
