package github

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// Deadlines and bounds of one call. A page of 100 runners with many labels is well
// under 1 MiB.
const (
	dialTimeout   = 5 * time.Second
	headerTimeout = 10 * time.Second
	callTimeout   = 30 * time.Second // from the first byte sent to the last one read
	maxBody       = 10 << 20
)

// transport is the connection to the server beneath guard and verdict.
func transport(opts Options) *http.Transport {
	dial := opts.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	proxy := opts.Proxy
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}
	return &http.Transport{
		Proxy: proxy,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, dialTimeout)
			defer cancel()
			return dial(ctx, network, addr)
		},
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: opts.RootCAs},
		TLSHandshakeTimeout:   dialTimeout,
		ResponseHeaderTimeout: headerTimeout,
		// GitHub allows 100 requests at a time; this is far below it.
		// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
		MaxConnsPerHost:        16,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 1 << 20,
		ForceAttemptHTTP2:      true,
	}
}
