package githubd

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// reply is an answer before it is sent.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// success is an answer with a JSON body, or without one when value is nil.
func success(status int, value any) *reply {
	r := &reply{status: status, header: http.Header{}}
	if value == nil {
		return r
	}
	body, err := json.Marshal(value)
	if err != nil {
		panic("githubd: " + err.Error())
	}
	r.body = body
	r.header.Set("Content-Type", "application/json; charset=utf-8")
	return r
}

// failure is an error in GitHub's shape.
func failure(status int, message, doc string) *reply {
	if doc == "" {
		doc = "https://docs.github.com/rest"
	}
	return success(status, map[string]string{
		"message": message, "documentation_url": doc, "status": strconv.Itoa(status),
	})
}

// conditional gives a read its weak ETag, which varies with the credential, and answers
// 304 when the client has that very answer already.
func (r *reply) conditional(credential string, have string) *reply {
	sum := sha256.Sum256(append([]byte(credential+"\x00"), r.body...))
	tag := `W/"` + hex.EncodeToString(sum[:]) + `"`
	r.header.Set("ETag", tag)
	r.header.Set("Cache-Control", "private, max-age=60, s-maxage=60")
	r.header.Set("Vary", "Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding")
	for held := range strings.SplitSeq(have, ",") {
		if strings.TrimPrefix(strings.TrimSpace(held), "W/") == strings.TrimPrefix(tag, "W/") {
			r.status, r.body = http.StatusNotModified, nil
			r.header.Del("Content-Type")
		}
	}
	return r
}

// with is the reply as the fault changes it.
func (f *Fault) with(r *reply) *reply {
	if f.Status != 0 {
		r = &reply{status: f.Status, header: http.Header{}, body: []byte(f.Body)}
		r.header.Set("Content-Type", "application/json; charset=utf-8")
	}
	for key, values := range f.Header {
		r.header[http.CanonicalHeaderKey(key)] = values
	}
	return r
}

// send writes the whole answer.
func (r *reply) send(w http.ResponseWriter) {
	for key, values := range r.header {
		w.Header()[key] = values
	}
	if r.status != http.StatusNoContent && r.status != http.StatusNotModified {
		w.Header().Set("Content-Length", strconv.Itoa(len(r.body)))
	}
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body) // a client that hung up is no fault of the server
}

// sendHalf promises the whole body, sends half, and breaks the connection.
func (r *reply) sendHalf(w http.ResponseWriter) {
	for key, values := range r.header {
		w.Header()[key] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(r.body)+1))
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body[:len(r.body)/2])
	_ = http.NewResponseController(w).Flush()
	breakConnection(w, false)
}

// breakConnection ends a connection in the middle: with a reset, where the transport
// knows one, or by hanging up, after which the other side still gets what was sent.
func breakConnection(w http.ResponseWriter, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
