package sandbox

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestPipeServesHTTPInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPipe("slack.test:80")
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Hour) // costs nothing: the bubble's clock jumps
			_, _ = io.WriteString(w, "hello")
		})}
		go srv.Serve(p)
		tr := &http.Transport{DialContext: p.DialContext}
		start := time.Now()
		resp, err := (&http.Client{Transport: tr}).Get("http://" + p.Addr().String() + "/")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(body) != "hello" || time.Since(start) != time.Hour {
			t.Errorf("got %q after %v, want hello after 1h", body, time.Since(start))
		}
		tr.CloseIdleConnections()
		srv.Close()
	})
}

func TestPipeRefuses(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := NewPipe("slack.test:80")
	if _, err := p.DialContext(context.Background(), "tcp", "example.com:80"); err == nil {
		t.Error("another address was dialled")
	}
	if _, err := p.DialContext(ctx, "tcp", "slack.test:80"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled dial: got %v, want context.Canceled", err)
	}
	p.Close()
	p.Close()
	if _, err := p.DialContext(context.Background(), "tcp", "slack.test:80"); !errors.Is(err, net.ErrClosed) {
		t.Errorf("dial after Close: got %v, want net.ErrClosed", err)
	}
	if _, err := p.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept after Close: got %v, want net.ErrClosed", err)
	}
}
