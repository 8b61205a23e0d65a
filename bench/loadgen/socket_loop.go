package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

// connection is one socket with what has been read and not yet parsed, and what is to be written.
type connection struct {
	id        int
	fd        int
	in        []byte
	read      int // bytes in `in` that are filled
	out       []byte
	written   int // bytes of `out` already taken by the kernel
	wantWrite bool
	closed    bool
}

// frameHandler gets each frame (without its length word); the slice is valid during the call only.
// It answers by appending to c.out.
type frameHandler interface {
	onFrame(c *connection, frame []byte, nowNs int64) error
	onTimer(nowNs int64, expirations uint64) error
	onClosed(c *connection, err error) error
}

// socketLoop serves its connections on one operating-system thread with epoll, reading and writing
// straight through system calls: goroutines, channels and the runtime's own poller would cost more
// than the work itself. It owns no timer unless startTimer is called.
type socketLoop struct {
	epollFd     int
	timerFd     int
	connections map[int]*connection
	handler     frameHandler
	startedAt   time.Time
	stopped     bool
}

const readBufferBytes = 512 << 10

func newSocketLoop(handler frameHandler) (*socketLoop, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create1: %w", err)
	}
	return &socketLoop{epollFd: fd, timerFd: -1, connections: map[int]*connection{}, handler: handler}, nil
}

func (l *socketLoop) nowNs() int64 { return int64(time.Since(l.startedAt)) }

// dialBlocking opens a TCP connection with Nagle off and hands out the bare descriptor.
func dialBlocking(address string) (int, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return -1, err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return -1, fmt.Errorf("port of %q: %w", address, err)
	}
	ip := net.ParseIP(host).To4()
	if ip == nil {
		return -1, fmt.Errorf("%q: an IPv4 address is needed", host)
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: port, Addr: [4]byte(ip)}); err != nil {
		syscall.Close(fd)
		return -1, fmt.Errorf("connect to %s: %w", address, err)
	}
	if err := syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1); err != nil {
		syscall.Close(fd)
		return -1, err
	}
	return fd, nil
}

func (l *socketLoop) dial(id int, address string) (*connection, error) {
	fd, err := dialBlocking(address)
	if err != nil {
		return nil, err
	}
	return l.adopt(id, fd)
}

// adopt takes over a connected descriptor.
func (l *socketLoop) adopt(id, fd int) (*connection, error) {
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, err
	}
	c := &connection{id: id, fd: fd, in: make([]byte, readBufferBytes)}
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)}
	if err := syscall.EpollCtl(l.epollFd, syscall.EPOLL_CTL_ADD, fd, &event); err != nil {
		return nil, fmt.Errorf("epoll_ctl: %w", err)
	}
	l.connections[fd] = c
	return c, nil
}

// startTimer makes onTimer run every interval, counted by the kernel, so that late wake-ups are
// reported as several expirations instead of being lost.
func (l *socketLoop) startTimer(interval time.Duration) error {
	const clockMonotonic = 1
	fd, _, errno := syscall.Syscall(syscall.SYS_TIMERFD_CREATE, clockMonotonic, syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if errno != 0 {
		return fmt.Errorf("timerfd_create: %w", errno)
	}
	every := syscall.NsecToTimespec(int64(interval))
	spec := [2]syscall.Timespec{every, every}
	if _, _, errno := syscall.Syscall6(syscall.SYS_TIMERFD_SETTIME, fd, 0, uintptr(unsafe.Pointer(&spec)), 0, 0, 0); errno != 0 {
		return fmt.Errorf("timerfd_settime: %w", errno)
	}
	l.timerFd = int(fd)
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(l.timerFd)}
	return syscall.EpollCtl(l.epollFd, syscall.EPOLL_CTL_ADD, l.timerFd, &event)
}

// run serves until stop is called or a handler reports an error. idle runs at least every 100 ms.
func (l *socketLoop) run(idle func(nowNs int64) error) error {
	events := make([]syscall.EpollEvent, 256)
	for !l.stopped {
		n, err := syscall.EpollWait(l.epollFd, events, 100)
		if err != nil && err != syscall.EINTR {
			return fmt.Errorf("epoll_wait: %w", err)
		}
		for _, event := range events[:max(n, 0)] {
			if int(event.Fd) == l.timerFd {
				err = l.serveTimer()
			} else if c := l.connections[int(event.Fd)]; c != nil {
				err = l.serveConnection(c, event.Events)
			} else {
				err = nil
			}
			if err != nil {
				return err
			}
		}
		if err := idle(l.nowNs()); err != nil {
			return err
		}
	}
	return nil
}

func (l *socketLoop) stop() { l.stopped = true }

func (l *socketLoop) close() {
	for fd := range l.connections {
		syscall.Close(fd)
	}
	if l.timerFd >= 0 {
		syscall.Close(l.timerFd)
	}
	syscall.Close(l.epollFd)
}

func (l *socketLoop) serveTimer() error {
	var count [8]byte
	n, err := syscall.Read(l.timerFd, count[:])
	if err == syscall.EAGAIN || err == syscall.EINTR {
		return nil
	}
	if err != nil || n != 8 {
		return fmt.Errorf("timerfd: read %d bytes: %v", n, err)
	}
	if err := l.handler.onTimer(l.nowNs(), binary.NativeEndian.Uint64(count[:])); err != nil {
		return err
	}
	return l.flushAll()
}

func (l *socketLoop) flushAll() error {
	for _, c := range l.connections {
		if len(c.out) > 0 {
			if err := l.flush(c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *socketLoop) serveConnection(c *connection, events uint32) error {
	if events&(syscall.EPOLLIN|syscall.EPOLLHUP|syscall.EPOLLERR) != 0 {
		if err := l.readFrames(c); err != nil || c.closed {
			return err
		}
	}
	return l.flush(c)
}

func (l *socketLoop) readFrames(c *connection) error {
	for {
		n, err := syscall.Read(c.fd, c.in[c.read:])
		if err == syscall.EAGAIN || err == syscall.EINTR {
			return nil
		}
		if n <= 0 {
			return l.drop(c, err)
		}
		filledBuffer := c.read+n == len(c.in)
		c.read += n
		if err := l.cutFrames(c); err != nil {
			return err
		}
		if !filledBuffer {
			return nil
		}
	}
}

// cutFrames hands every whole frame to the handler and moves what remains to the front.
func (l *socketLoop) cutFrames(c *connection) error {
	nowNs := l.nowNs()
	at := 0
	for c.read-at >= 4 {
		frameBytes := int(binary.BigEndian.Uint32(c.in[at:]))
		if frameBytes > maxFrameBytes {
			return fmt.Errorf("connection %d: frame of %d bytes", c.id, frameBytes)
		}
		if c.read-at < 4+frameBytes {
			if 4+frameBytes > len(c.in) {
				grown := make([]byte, 4+frameBytes+readBufferBytes)
				c.read = copy(grown, c.in[at:c.read])
				c.in, at = grown, 0
			}
			break
		}
		if err := l.handler.onFrame(c, c.in[at+4:at+4+frameBytes], nowNs); err != nil {
			return fmt.Errorf("connection %d: %w", c.id, err)
		}
		at += 4 + frameBytes
	}
	if at > 0 {
		c.read = copy(c.in, c.in[at:c.read])
	}
	return nil
}

func (l *socketLoop) flush(c *connection) error {
	for c.written < len(c.out) {
		n, err := syscall.Write(c.fd, c.out[c.written:])
		if err == syscall.EINTR {
			continue
		}
		if err == syscall.EAGAIN {
			return l.watchWrite(c, true)
		}
		if err != nil {
			return l.drop(c, err)
		}
		c.written += n
	}
	c.out = c.out[:0]
	c.written = 0
	if c.wantWrite {
		return l.watchWrite(c, false)
	}
	return nil
}

func (l *socketLoop) watchWrite(c *connection, want bool) error {
	if c.wantWrite == want {
		return nil
	}
	c.wantWrite = want
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(c.fd)}
	if want {
		event.Events |= syscall.EPOLLOUT
	}
	return syscall.EpollCtl(l.epollFd, syscall.EPOLL_CTL_MOD, c.fd, &event)
}

func (l *socketLoop) drop(c *connection, cause error) error {
	c.closed = true
	delete(l.connections, c.fd)
	syscall.Close(c.fd)
	return l.handler.onClosed(c, cause)
}
