package devserver

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// PortInUseError says that a wanted port belongs to another program and which setting chooses another.
type PortInUseError struct {
	What string // "Temporal server" or "Temporal UI"
	Addr string // host:port
	Flag string // the flag of `ucal dev`
	Env  string // its environment variable
}

func (e *PortInUseError) Error() string {
	return fmt.Sprintf("%s: %s is in use by another program (perhaps a second `ucal dev`); stop it or choose another port with %s or %s",
		e.What, e.Addr, e.Flag, e.Env)
}

// ports holds every port the server needs, bound from the check until the moment it is handed over: two servers that
// start together cannot be given the same free port. The Temporal services bind by number, so theirs are released just
// before they start; the UI takes its listener over.
type ports struct {
	host      string
	listeners map[portName]net.Listener
}

type portName string

const (
	portFrontend portName = "frontend"
	portHistory  portName = "history"
	portMatching portName = "matching"
	portWorker   portName = "worker"
	portUI       portName = "ui"
)

// loopback is where the inner services listen, whatever Config.Host says: nobody outside talks to them.
const loopback = "127.0.0.1"

func reservePorts(cfg Config) (*ports, error) {
	p := &ports{host: cfg.Host, listeners: map[portName]net.Listener{}}
	wanted := []struct {
		name      portName
		host      string
		port      int
		what      string
		flag, env string
	}{
		{portFrontend, cfg.Host, cfg.Port, "Temporal server", "--temporal-port", "UCAL_TEMPORAL_PORT"},
		{portUI, cfg.Host, cfg.UIPort, "Temporal UI", "--temporal-ui-port", "UCAL_TEMPORAL_UI_PORT"},
		{name: portHistory, host: loopback, what: "Temporal history service"},
		{name: portMatching, host: loopback, what: "Temporal matching service"},
		{name: portWorker, host: loopback, what: "Temporal worker service"},
	}
	for _, w := range wanted {
		if w.name == portUI && w.port == NoUI {
			continue
		}
		addr := hostPort(w.host, w.port)
		l, err := net.Listen("tcp", addr)
		if err == nil {
			p.listeners[w.name] = l
			continue
		}
		p.release()
		if errors.Is(err, syscall.EADDRINUSE) && w.flag != "" {
			return nil, &PortInUseError{What: w.what, Addr: addr, Flag: w.flag, Env: w.env}
		}
		return nil, fmt.Errorf("%s cannot listen on %s: %w", w.what, addr, err)
	}
	return p, nil
}

func (p *ports) port(name portName) int { return p.listeners[name].Addr().(*net.TCPAddr).Port }

// frontendAddr is an address to dial: a server that listens on every interface is reached through loopback.
func (p *ports) frontendAddr() string {
	host := p.host
	if net.ParseIP(host).IsUnspecified() {
		host = loopback
	}
	return hostPort(host, p.port(portFrontend))
}

func (p *ports) releaseServices() {
	for name, l := range p.listeners {
		if name != portUI {
			_ = l.Close()
		}
	}
}

func (p *ports) takeUI() net.Listener {
	l := p.listeners[portUI]
	delete(p.listeners, portUI)
	return l
}

// release closes whatever was not handed over; closing a listener twice does no harm.
func (p *ports) release() {
	for _, l := range p.listeners {
		_ = l.Close()
	}
}
