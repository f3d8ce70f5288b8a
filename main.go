// Command runnerdesk is a Slack bot for the people who run GitHub Actions self-hosted
// runners. This file reads the command line, builds the parts in order, runs them, and
// waits for them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"runnerdesk/bot"
	"runnerdesk/commands"
	"runnerdesk/internal/admin"
	"runnerdesk/internal/config"
	"runnerdesk/internal/executor"
	"runnerdesk/internal/fleet"
	"runnerdesk/internal/github"
	"runnerdesk/internal/reload"
	"runnerdesk/internal/sandbox/tour"
	"runnerdesk/internal/watcher"
	"runnerdesk/notifier"
	"runnerdesk/storage"
)

// The exit codes.
const (
	good   = 0
	failed = 1 // it ran and failed
	wrong  = 2 // the command line or the configuration is wrong
	locked = 3 // another instance holds the database
)

// version is set by the linker for releases.
var version = ""

// reloadWithin is how long a new configuration may take to reach Slack before the old one
// goes on.
const reloadWithin = 20 * time.Second

// stopWithin is how long a stopping program may take.
const stopWithin = 10 * time.Second

type commandLine struct {
	Config string `help:"The configuration file (default runnerdesk.yml, if it is there)." placeholder:"FILE"`

	Serve struct{} `cmd:"" default:"1" help:"Run the bot."`
	Demo  demo     `cmd:"" help:"Run the whole bot against a built-in Slack and a built-in GitHub."`
	Init  struct{} `cmd:"" help:"Write a commented runnerdesk.yml and print the next steps."`
	Audit struct {
		Export struct{} `cmd:"" help:"Write the audit as JSON Lines."`
		Verify struct {
			Head string `help:"A row, as a digest printed it, that the audit must contain." placeholder:"SEQ:MAC"`
		} `cmd:"" help:"Is the audit whole?"`
	} `cmd:"" help:"Export or verify the audit, also while the bot runs."`
	Version struct{} `cmd:"" help:"Print the version."`
}

type demo struct {
	Tour bool   `help:"Play one scripted day, print the transcript, and exit 0 if every check held."`
	Addr string `help:"Where the built-in Slack listens." default:"127.0.0.1:0" placeholder:"HOST:PORT"`
	Keep string `help:"Keep the demo's state in this folder." placeholder:"DIR"`
}

func main() {
	os.Exit(program(os.Args[1:], os.Stdout, os.Stderr))
}

// program is main with its seams: it gives the exit code.
func program(args []string, stdout, stderr io.Writer) int {
	var line commandLine
	exited := -1
	parser, err := kong.New(&line, kong.Name("runnerdesk"), kong.Writers(stdout, stderr), kong.Exit(func(code int) { exited = code }),
		kong.Description("A Slack bot for the people who run GitHub Actions self-hosted runners."))
	if err != nil {
		fmt.Fprintln(stderr, err)
		return wrong
	}
	command, err := parser.Parse(args)
	if exited >= 0 {
		return exited // --help was printed
	}
	if err != nil {
		fmt.Fprintf(stderr, "runnerdesk: %v\nSee runnerdesk --help.\n", err)
		return wrong
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch command.Command() {
	case "version":
		fmt.Fprintln(stdout, "runnerdesk "+versionText())
		return good
	case "init":
		return exitCode(admin.Init(line.Config, stdout), stderr)
	case "audit export", "audit verify":
		c, err := config.Load(config.Source{Path: line.Config, CheckCron: checkCron, Offline: true})
		if err == nil && command.Command() == "audit export" {
			err = admin.ExportAudit(ctx, c, stdout)
		} else if err == nil {
			err = admin.VerifyAudit(ctx, c, line.Audit.Verify.Head, stdout)
		}
		return exitCode(err, stderr)
	case "demo":
		return tour.Demo(ctx, tour.Options{Play: line.Demo.Tour, Addr: line.Demo.Addr, Keep: line.Demo.Keep, Out: stdout, Err: stderr, Run: func(ctx context.Context, s tour.Seams) error {
			c, err := config.Load(config.Source{Path: s.File, LookupEnv: s.LookupEnv, CheckCron: checkCron})
			if err != nil {
				return err
			}
			return run(ctx, c, seams{now: s.Now, every: s.Every, pace: -1, log: s.Log})
		}})
	}
	return serve(ctx, line.Config, stderr)
}

// serve runs the bot until ctx ends. On SIGHUP it reads the configuration and the secret
// files again and builds all parts anew.
func serve(ctx context.Context, path string, stderr io.Writer) int {
	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGHUP)
	defer signal.Stop(again)
	level := new(slog.LevelVar)
	log := slog.New(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: level}))
	return exitCode(reload.Loop[*config.Config]{
		Load: func() (*config.Config, error) {
			return config.Load(config.Source{Path: path, CheckCron: checkCron})
		},
		Start: func(ctx context.Context, c *config.Config, up func()) error {
			level.Set(c.LogLevel)
			return run(ctx, c, seams{now: time.Now, log: log, up: up})
		},
		Again: again, Within: reloadWithin, Log: log,
	}.Run(ctx), stderr)
}

// exitCode says in a sentence why the program ends.
func exitCode(err error, stderr io.Writer) int {
	var fatal *bot.Fatal
	var faults config.Faults
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return good
	case errors.As(err, &faults):
		fmt.Fprintln(stderr, faults)
		return wrong
	case errors.Is(err, storage.ErrLocked):
		fmt.Fprintln(stderr, "runnerdesk: another instance holds the database. Stop it first, or give this one another database.")
		return locked
	case errors.As(err, &fatal):
		fmt.Fprintln(stderr, "runnerdesk: "+fatal.Why)
		return failed
	}
	fmt.Fprintf(stderr, "runnerdesk: %v\n", err)
	return failed
}

func checkCron(expr, zone string) error {
	_, err := notifier.ParseSchedule(expr, zone)
	return err
}

// seams are what tests and the demo hand in.
type seams struct {
	now   func() time.Time
	dial  func(ctx context.Context, network, addr string) (net.Conn, error)
	every time.Duration // how often slots and time-outs are looked for; the parts' own when 0
	pace  time.Duration // between two deletes; a second when 0, none when negative
	log   *slog.Logger
	up    func() // called when Slack and the database are there; may be nil
}

// run builds the parts from the inside out, and runs them until ctx ends or one fails.
func run(ctx context.Context, c *config.Config, s seams) error {
	if c.GitHub.Token.IsZero() {
		return errors.New("a GitHub App is not supported yet: give GITHUB_TOKEN, a personal access token")
	}
	store, err := storage.Open(ctx, storage.Options{Path: c.Database, Host: c.Server.Host(), AuditKey: c.AuditKey, Now: s.now, Log: s.log})
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.Record(ctx, fleet.Event{Actor: fleet.Runnerdesk, Verb: "started", Detail: versionText() + ", configuration " + c.Hash}); err != nil {
		return err
	}
	reads, writes, err := github.New(github.Options{
		Server: c.Server, Token: c.GitHub.Token, Dial: s.dial, Now: s.now, UserAgent: "runnerdesk/" + versionText(), Log: s.log,
	})
	if err != nil {
		return err
	}
	defer reads.Close()
	operators := notifier.Operators{Channel: c.Operators.Channel, People: c.Operators.People, Store: store, Now: s.now, Log: s.log}
	watch := &watcher.Watcher{
		Store: store, GitHub: reads, Scopes: c.Scopes, Poll: c.Poll, Retention: c.Retention, Tell: operators.Tell, Now: s.now, Log: s.log,
	}
	pace := s.pace
	if pace == 0 {
		pace = time.Second
	}
	execute := &executor.Executor{
		Store: store, Reads: reads, Writes: writes, Protect: c.Policy.Protect, Allowed: executor.Allowed(c.Policy, c.Scopes),
		Pace: pace, Every: s.every, Now: s.now, Log: s.log,
	}
	notify := &notifier.Notifier{Store: store, Watcher: watch, Digests: plans(c), Every: s.every, Now: s.now, Log: s.log}
	slack := bot.New(bot.Options{
		AppToken: c.Slack.AppToken, BotToken: c.Slack.BotToken, APIURL: c.Slack.APIURL, Dial: s.dial, Sockets: 2, Workers: 8,
		Store: store, Server: c.Server, Command: c.Command, Tell: operators.Tell, Now: s.now, Log: s.log,
	})
	started := s.now()
	desk := &commands.Desk{
		Store: store, GitHub: reads, Watcher: watch, Directory: slack.Directory(), Revealer: execute, Digests: notify,
		Vitals: func(context.Context) fleet.About {
			return fleet.About{Version: versionText(), Started: started, Sockets: slack.Connected()}
		},
		Policy: c.Policy, Server: c.Server, Scopes: c.Scopes, DefaultScope: c.DefaultScope, ChannelDefaults: c.ChannelDefaults,
		Command: c.Command, FreshFor: c.Poll + c.Poll/2, Now: s.now, Log: s.log,
	}
	if err := slack.Connect(ctx); err != nil {
		return err
	}
	for _, w := range c.Warnings {
		s.log.Warn("configuration", "what", w.String())
	}
	if s.up != nil {
		s.up()
	}
	s.log.Info("started", "version", versionText(), "event", "started")
	return together(ctx, s.log,
		func(ctx context.Context) error { return slack.Run(ctx, desk) },
		execute.Run, watch.Run, notify.Run)
}

func plans(c *config.Config) []notifier.Plan {
	var out []notifier.Plan
	for _, d := range c.Digests {
		schedule, err := notifier.ParseSchedule(d.Cron, d.Zone)
		if err != nil {
			continue // unreachable: config.Load has checked it
		}
		out = append(out, notifier.Plan{Schedule: schedule, DigestPlan: fleet.DigestPlan{
			Name: d.Name, Channel: d.Channel, Cron: d.Cron, Zone: d.Zone, When: d.When, Scopes: d.Scopes, OfflineFor: d.OfflineFor,
		}})
	}
	return out
}

// together runs the parts until ctx ends or the first of them does, then waits for the
// others, though not for ever.
func together(ctx context.Context, log *slog.Logger, parts ...func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	first := make(chan error, len(parts))
	var wg sync.WaitGroup
	for _, part := range parts {
		wg.Go(func() {
			err := errors.New("a part of the program failed")
			defer func() {
				if p := recover(); p != nil {
					log.Error("panic", "err", p, "stack", string(debug.Stack()))
				}
				first <- err
			}()
			err = part(ctx)
		})
	}
	err := <-first
	log.Info("stopping", "event", "stopping")
	stop()
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(stopWithin - time.Second):
		log.Error("some parts did not stop in time")
	}
	return err
}

func versionText() string {
	if version != "" {
		return version
	}
	text := "development"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				text += " " + s.Value[:12]
			}
		}
	}
	return text
}
