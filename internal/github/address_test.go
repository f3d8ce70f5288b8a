package github

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"log/slog"
	"math/big"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/githubd"
)

// certificate makes one that signs itself for a host, and the pool that trusts it.
func certificate(t *testing.T, host string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{host}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// overTLS is a client whose every connection ends at a built-in GitHub behind TLS, and
// the addresses that were dialled.
func overTLS(t *testing.T, address, certHost string, trusted bool, highest uint16) (*desk, *[]string) {
	t.Helper()
	prefix := "/api/v3"
	if strings.Contains(address, "github.com") || strings.Contains(address, "ghe.com") {
		prefix = "/"
	}
	github := githubd.New(githubd.Options{Prefix: prefix, Violation: func(text string) { t.Errorf("violation: %s", text) }})
	t.Cleanup(github.Close)
	github.AddOrg("octo-org", "")
	github.AddToken(githubd.Token{Value: admin, Scopes: []string{"admin:org"}})
	pair, pool := certificate(t, certHost)
	front := httptest.NewUnstartedServer(github)
	front.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS10, MaxVersion: highest}
	front.EnableHTTP2 = true
	front.Config.ErrorLog = log.New(io.Discard, "", 0)
	front.StartTLS()
	t.Cleanup(front.Close)
	if !trusted {
		pool = nil
	}
	dialled := &[]string{}
	d := connect(t, github, address, Options{
		RootCAs: pool,
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			*dialled = append(*dialled, addr)
			return (&net.Dialer{}).DialContext(ctx, network, front.Listener.Addr().String())
		},
	})
	return d, dialled
}

func TestAddresses(t *testing.T) {
	for address, tc := range map[string]struct{ cert, dial, path string }{
		"https://api.github.com":              {"api.github.com", "api.github.com:443", "/orgs/octo-org/actions/runners"},
		"https://github.com":                  {"api.github.com", "api.github.com:443", "/orgs/octo-org/actions/runners"},
		"https://octo.ghe.com":                {"api.octo.ghe.com", "api.octo.ghe.com:443", "/orgs/octo-org/actions/runners"},
		"https://github.example":              {"github.example", "github.example:443", "/api/v3/orgs/octo-org/actions/runners"},
		"https://api.github.example:8443":     {"api.github.example", "api.github.example:8443", "/api/v3/orgs/octo-org/actions/runners"},
		"https://github.example:8443/api/v3/": {"github.example", "github.example:8443", "/api/v3/orgs/octo-org/actions/runners"},
	} {
		t.Run(address, func(t *testing.T) {
			d, dialled := overTLS(t, address, tc.cert, true, tls.VersionTLS13)
			if _, err := d.List(t.Context(), d.scope(t, "octo-org")); err != nil {
				t.Fatal(err)
			}
			requests := d.github.Requests()
			if len(*dialled) != 1 || (*dialled)[0] != tc.dial || len(requests) != 1 || requests[0].Path != tc.path || !requests[0].Authorized {
				t.Errorf("dialled %q and asked for %+v, want %s and %s", *dialled, requests, tc.dial, tc.path)
			}
		})
	}
}

func TestTLS(t *testing.T) {
	for name, tc := range map[string]struct {
		cert    string
		trusted bool
		highest uint16
		want    string
	}{
		"unknown authority": {"github.example", false, tls.VersionTLS13, "its TLS certificate is not trusted"},
		"another name":      {"else.example", true, tls.VersionTLS13, "its TLS certificate is not trusted"},
		"TLS 1.1":           {"github.example", true, tls.VersionTLS11, "the connection broke"},
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := overTLS(t, "https://github.example", tc.cert, tc.trusted, tc.highest)
			_, err := d.RemoveToken(t.Context(), d.scope(t, "octo-org"))
			var broken *fleet.UnavailableError
			if !errors.As(err, &broken) || broken.What != tc.want || broken.MayHaveActed || len(d.github.Requests()) != 0 {
				t.Errorf("got %v after %d requests, want: %s", err, len(d.github.Requests()), tc.want)
			}
		})
	}
}

// TestNoSecretInLogs looks for the credential and for every minted token in the log.
func TestNoSecretInLogs(t *testing.T) {
	github := open(t, githubd.Options{DownloadTokens: true}).github
	var out bytes.Buffer
	d := connect(t, github, github.URL(), Options{
		Log: slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	s := d.scope(t, "octo-org")
	applications, err := d.Downloads(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	token, err := d.RegistrationToken(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("all", "token", token, "applications", applications)
	if lines := strings.Count(out.String(), `"event":"github_call"`); lines != 2 {
		t.Errorf("%d lines about 2 calls", lines)
	}
	for _, secret := range append(github.Tokens(), admin) {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%s is in the log", secret)
		}
	}
}
