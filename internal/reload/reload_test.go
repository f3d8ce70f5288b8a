package reload

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Configurations of the test: "bad" can't be read, "ends" fails at once, "hangs" never comes
// up, "dies" comes up and fails, all others work until they are told to stop.
func TestLoop(t *testing.T) {
	broken := errors.New("broken")
	for name, tc := range map[string]struct {
		configs []string // the first, and what is there at each signal
		ran     []string
		err     error
	}{
		"the first is bad":           {[]string{"bad"}, nil, broken},
		"the first fails":            {[]string{"ends"}, []string{"ends"}, broken},
		"the first dies":             {[]string{"dies"}, []string{"dies"}, broken},
		"stopped":                    {[]string{"a"}, []string{"a"}, nil},
		"a good one":                 {[]string{"a", "b"}, []string{"a", "b"}, nil},
		"a bad one":                  {[]string{"a", "bad"}, []string{"a"}, nil},
		"one that fails":             {[]string{"a", "ends"}, []string{"a", "ends", "a"}, nil},
		"one that never comes up":    {[]string{"a", "hangs"}, []string{"a", "hangs", "a"}, nil},
		"one that dies later":        {[]string{"a", "dies"}, []string{"a", "dies"}, broken},
		"a good one after a failure": {[]string{"a", "ends", "b", "hangs"}, []string{"a", "ends", "a", "b", "hangs", "b"}, nil},
		"the first waits for ever":   {[]string{"hangs"}, []string{"hangs"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				again := make(chan os.Signal, 1)
				at, running := 0, 0
				var ran []string
				l := Loop[string]{
					Again: again, Within: 20 * time.Second, Log: slog.New(slog.DiscardHandler),
					Load: func() (string, error) {
						if tc.configs[at] == "bad" {
							return "", broken
						}
						return tc.configs[at], nil
					},
					Start: func(ctx context.Context, c string, up func()) error {
						ran = append(ran, c)
						if running++; running != 1 {
							t.Errorf("%s runs beside another", c)
						}
						defer func() { running-- }()
						switch c {
						case "ends":
							return broken
						case "dies":
							up()
							return broken
						case "hangs":
							<-ctx.Done()
							return ctx.Err()
						}
						up()
						<-ctx.Done()
						return nil
					},
				}
				ctx, stop := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- l.Run(ctx) }()
				for i := 1; i < len(tc.configs); i++ {
					time.Sleep(time.Hour) // of the bubble's clock
					synctest.Wait()
					at = i
					again <- syscall.SIGHUP
				}
				time.Sleep(time.Hour)
				stop()
				err := <-done
				if tc.err == nil && err != nil && !errors.Is(err, context.Canceled) || tc.err != nil && !errors.Is(err, tc.err) {
					t.Errorf("it ended with %v, want %v", err, tc.err)
				}
				if diff := cmp.Diff(tc.ran, ran); diff != "" {
					t.Errorf("it ran (-want +got):\n%s", diff)
				}
			})
		})
	}
}
