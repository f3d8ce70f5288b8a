package storage

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"runnerdesk/internal/fleet"
)

const many = 20_000

func crowd(state func(int) fleet.Runner) []fleet.Runner {
	out := make([]fleet.Runner, many)
	for i := range out {
		out[i] = state(i)
	}
	return out
}

func idle(i int) fleet.Runner {
	r := online(runner(int64(i+1), fmt.Sprintf("web-%05d", i)))
	r.Labels = append(r.Labels, fleet.Label{Name: fmt.Sprintf("pool-%d", i%40), Custom: true})
	return r
}

func BenchmarkAccept(b *testing.B) {
	d := open(b)
	n := 0
	for b.Loop() {
		n++
		if _, err := d.Accept(b.Context(), fleet.Input{Key: fmt.Sprint(n), At: began}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUpdateRequest(b *testing.B) {
	d := open(b)
	scope := scopeOf(b, "octo-org")
	r := d.ask(b, "one", deletion(scope, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10))
	for b.Loop() {
		d.change(b, r.ID, func(r fleet.Request) (fleet.Request, error) {
			r.Events = append(r.Events, fleet.Event{Actor: fleet.Runnerdesk, Verb: "reminded"})
			return r, nil
		})
	}
}

func BenchmarkRecords(b *testing.B) {
	d := open(b)
	scope := scopeOf(b, "octo-org")
	if _, _, err := d.StoreListing(b.Context(), fleet.Listing{Scope: scope, Runners: crowd(idle), ReadAt: began}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if records, err := d.Records(b.Context(), scope); err != nil || len(records) != many {
			b.Fatal(len(records), err)
		}
	}
}

// BenchmarkStoreListing stores 20,000 runners of which a share changed, and tells how long
// an input had to wait meanwhile.
func BenchmarkStoreListing(b *testing.B) {
	for name, every := range map[string]int{"all changed": 1, "1% changed": 100, "none changed": many * 2} {
		b.Run(name, func(b *testing.B) {
			d := open(b)
			scope := scopeOf(b, "octo-org")
			at := began
			read := func(round int) fleet.Listing {
				at = at.Add(time.Minute)
				return fleet.Listing{Scope: scope, ReadAt: at, Runners: crowd(func(i int) fleet.Runner {
					if (i+1)%every == 0 && round%2 == 1 {
						return busy(idle(i))
					}
					return idle(i)
				})}
			}
			if _, _, err := d.StoreListing(b.Context(), read(0)); err != nil {
				b.Fatal(err)
			}
			ctx, stop := context.WithCancel(b.Context())
			waits := make(chan []time.Duration)
			go func() {
				var all []time.Duration
				for n := 0; ctx.Err() == nil; n++ {
					start := time.Now()
					if _, err := d.Accept(context.WithoutCancel(ctx), fleet.Input{Key: fmt.Sprint(n), At: start}); err != nil {
						b.Error(err)
					}
					all = append(all, time.Since(start))
				}
				waits <- all
			}()
			round := 0
			b.ResetTimer()
			for b.Loop() {
				round++
				if _, _, err := d.StoreListing(b.Context(), read(round)); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			stop()
			all := <-waits
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "accept-p99-µs")
			b.ReportMetric(float64(all[len(all)-1].Microseconds()), "accept-max-µs")
		})
	}
}
