// Package sandbox holds what the built-in servers share: a network that lives in
// memory. The servers themselves are in slackd and githubd.
package sandbox

import (
	"context"
	"fmt"
	"net"
	"sync"
)

// Pipe is a net.Listener whose connections are net.Pipe pairs. No packet leaves the
// process, so a server on a Pipe and its clients can run inside a testing/synctest
// bubble, where waiting on a real socket would stop the bubble's clock.
type Pipe struct {
	addr  pipeAddr
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

// NewPipe returns a listener that says it listens on addr ("slack.test:80"). The
// address is only a label; nothing is resolved.
func NewPipe(addr string) *Pipe {
	return &Pipe{addr: pipeAddr(addr), conns: make(chan net.Conn), done: make(chan struct{})}
}

// Accept waits for the next dialled connection. After Close it returns net.ErrClosed.
func (p *Pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

// Close stops accepting and dialling. Connections that are open stay open.
func (p *Pipe) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

// Addr is the label given to NewPipe.
func (p *Pipe) Addr() net.Addr { return p.addr }

// DialContext connects to the listener. It refuses any address but the pipe's own, so a
// client that follows a link out of the sandbox fails instead of reaching the network.
func (p *Pipe) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if addr != string(p.addr) {
		return nil, fmt.Errorf("dial %s: only %s is reachable here", addr, p.addr)
	}
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.done:
		client.Close()
		server.Close()
		return nil, fmt.Errorf("dial %s: %w", addr, net.ErrClosed)
	case <-ctx.Done():
		client.Close()
		server.Close()
		return nil, ctx.Err()
	}
}

type pipeAddr string

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return string(a) }
