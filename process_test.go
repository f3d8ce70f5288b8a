package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is the program as a process of its own: this test binary run again.
type process struct {
	t              testing.TB
	cmd            *exec.Cmd
	stdout, stderr *logbook
	ended          chan struct{} // closed when it has
}

// execute starts the program with exactly this environment. The end of the test kills it
// when it is still there.
func execute(t testing.TB, dir string, environ map[string]string, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.Command(self, args...), stdout: new(logbook), stderr: new(logbook), ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, p.stdout, p.stderr
	p.cmd.Env = []string{asProgram + "=1"}
	for name, value := range environ {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // its end is read from ProcessState
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill()
		if strings.Contains(p.stderr.String(), "panic") {
			t.Errorf("the program panicked:\n%s", p.stderr)
		}
		if t.Failed() {
			t.Logf("the program wrote:\n%s\n%s", p.stdout, p.stderr)
		}
	})
	return p
}

// kill ends the program as a crash does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.ended
}

// terminate asks the program to stop, as a supervisor does.
func (p *process) terminate() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Fatal(err)
	}
}

// exits waits for the end of the program and gives its exit code.
func (p *process) exits(within time.Duration) int {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	select {
	case <-p.ended:
	case <-ctx.Done():
		p.t.Errorf("the program did not end within %s", within)
		p.kill()
	}
	return p.cmd.ProcessState.ExitCode()
}

// serve starts the program on a rig and waits for its sockets.
func (r *rig) serve() *process {
	r.t.Helper()
	p := execute(r.t, r.dir, r.environ, "serve", "--config", r.file)
	r.connected(2)
	return p
}

// crash kills the program and waits until Slack has noticed.
func (r *rig) crash(p *process) {
	r.t.Helper()
	p.kill()
	r.connected(0)
}
