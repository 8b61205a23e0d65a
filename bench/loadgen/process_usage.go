package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// clockTicksPerSecond is the unit of /proc/<pid>/stat on every Linux that Go runs on.
const clockTicksPerSecond = 100

// ownCPU is user plus system time of this process.
func ownCPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// cpuOf is user plus system time of another process, all threads, in steps of 10 ms.
func cpuOf(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// the command name is in brackets and may contain anything, so count fields after the last one
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	user, err := strconv.ParseInt(string(fields[11]), 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(string(fields[12]), 10, 64)
	if err != nil {
		return 0, err
	}
	return time.Duration(user+system) * (time.Second / clockTicksPerSecond), nil
}

// cpuWindow measures both processes between two moments.
type cpuWindow struct {
	pid       int
	ownStart  time.Duration
	peerStart time.Duration
	own, peer time.Duration
	peerKnown bool
}

func (w *cpuWindow) begin() {
	w.ownStart = ownCPU()
	if w.pid > 0 {
		peer, err := cpuOf(w.pid)
		w.peerStart, w.peerKnown = peer, err == nil
	}
}

func (w *cpuWindow) end() {
	w.own = ownCPU() - w.ownStart
	if w.peerKnown {
		peer, err := cpuOf(w.pid)
		w.peer, w.peerKnown = peer-w.peerStart, err == nil
	}
}
