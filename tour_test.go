package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"runnerdesk/internal/config"
	"runnerdesk/internal/sandbox/tour"
)

// TestTour plays the demo's day in this process.
func TestTour(t *testing.T) {
	t.Parallel()
	out, errs := new(logbook), new(logbook)
	if code := program([]string{"demo", "--tour"}, out, errs); code != good {
		t.Errorf("exit code %d\n%s\n%s", code, out, errs)
	}
	if !strings.Contains(out.String(), "18 of 18 operations were driven") || strings.Contains(out.String(), "FAILED") {
		t.Errorf("the transcript does not say that all is well:\n%s", out)
	}
}

// TestTourNotices: when GitHub answers one thing wrongly, the day ends with exit code 1 and
// says which check failed.
func TestTourNotices(t *testing.T) {
	t.Parallel()
	out := new(logbook)
	code := tour.Demo(context.Background(), tour.Options{Play: true, Addr: "127.0.0.1:0", Out: out, Err: io.Discard, Run: func(ctx context.Context, s tour.Seams) error {
		address, _ := s.LookupEnv("GITHUB_API_URL")
		target, err := url.Parse(address)
		if err != nil {
			return err
		}
		between := httptest.NewServer(&httputil.ReverseProxy{
			Rewrite: func(p *httputil.ProxyRequest) { p.Out.URL.Scheme, p.Out.URL.Host = target.Scheme, target.Host },
			ModifyResponse: func(r *http.Response) error {
				if strings.HasSuffix(r.Request.URL.Path, "/downloads") {
					r.Body = io.NopCloser(strings.NewReader("[]"))
					r.ContentLength = 2
					r.Header.Set("Content-Length", "2")
				}
				return nil
			},
			Transport: &http.Transport{DisableKeepAlives: true},
		})
		defer between.Close()
		c, err := config.Load(config.Source{Path: s.File, CheckCron: checkCron, LookupEnv: func(name string) (string, bool) {
			if name == "GITHUB_API_URL" {
				return between.URL + target.Path, true
			}
			return s.LookupEnv(name)
		}})
		if err != nil {
			return err
		}
		return run(ctx, c, seams{now: s.Now, every: s.Every, pace: -1, log: s.Log})
	}})
	if code != failed || strings.Count(out.String(), "FAILED") != 3 {
		t.Errorf("exit code %d, and the transcript:\n%s", code, out)
	}
}
