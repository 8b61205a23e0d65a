package main

import (
	"strconv"
	"time"
)

// tally counts what happened between the end of the warm-up and the end of the run.
type tally struct {
	warmNs, endNs int64
	isUnbounded   bool // a run bounded by count: everything counts
	latency       *histogram
	messages      uint64
	requests      uint64
	bytes         uint64
	// acknowledged counts messages answered with success over the whole run, warm-up included.
	acknowledged uint64
	errorsByCode map[int]uint64
	firstRemark  string
	perSecond    []uint64
	unanswered   uint64
}

func newTally(warmUp, duration time.Duration, isUnbounded bool) *tally {
	return &tally{
		warmNs: int64(warmUp), endNs: int64(warmUp + duration), isUnbounded: isUnbounded,
		latency: newHistogram(), errorsByCode: map[int]uint64{},
		perSecond: make([]uint64, 0, 3600),
	}
}

func (t *tally) isMeasured(nowNs int64) bool {
	return t.isUnbounded || (nowNs >= t.warmNs && nowNs < t.endNs)
}

func (t *tally) succeed(nowNs, latencyNs int64, messages, bytes uint64) {
	t.acknowledged += messages
	if !t.isMeasured(nowNs) {
		return
	}
	t.requests++
	t.messages += messages
	t.bytes += bytes
	t.latency.record(latencyNs)
	second := int((nowNs - t.warmNs) / int64(time.Second))
	for len(t.perSecond) <= second {
		t.perSecond = append(t.perSecond, 0)
	}
	t.perSecond[second] += messages
}

// fail counts an answer with another code than success, warm-up included: it must show.
func (t *tally) fail(_ int64, answer response) {
	t.errorsByCode[answer.code]++
	if t.firstRemark == "" {
		t.firstRemark = answer.remark()
	}
}

func (t *tally) add(other *tally) {
	t.latency.add(other.latency)
	t.messages += other.messages
	t.requests += other.requests
	t.bytes += other.bytes
	t.acknowledged += other.acknowledged
	t.unanswered += other.unanswered
	for code, n := range other.errorsByCode {
		t.errorsByCode[code] += n
	}
	if t.firstRemark == "" {
		t.firstRemark = other.firstRemark
	}
	for i, n := range other.perSecond {
		for len(t.perSecond) <= i {
			t.perSecond = append(t.perSecond, 0)
		}
		t.perSecond[i] += n
	}
}

// summary is the line that a run prints.
type summary struct {
	Mode            string            `json:"mode"`
	Seconds         float64           `json:"seconds"`
	Messages        uint64            `json:"messages"`
	Requests        uint64            `json:"requests"`
	Throughput      float64           `json:"throughput"`
	MebibytesPerSec float64           `json:"mebibytesPerSecond,omitempty"`
	LatencyUs       latencySummary    `json:"latencyUs"`
	Errors          uint64            `json:"errors"`
	ErrorsByCode    map[string]uint64 `json:"errorsByCode"`
	FirstRemark     string            `json:"firstRemark,omitempty"`
	Unanswered      uint64            `json:"unanswered"`
	Acknowledged    uint64            `json:"acknowledged"`
	// StoredGrowth is by how much the queues' max offsets grew; -1: not asked.
	StoredGrowth     int64    `json:"storedGrowth"`
	OwnCPUSeconds    float64  `json:"generatorCpuSeconds"`
	OwnCPUMicros     float64  `json:"generatorCpuMicrosPerMessage"`
	TargetCPUSeconds *float64 `json:"targetCpuSeconds,omitempty"`
	TargetCPUMicros  *float64 `json:"targetCpuMicrosPerMessage,omitempty"`
	PerSecond        []uint64 `json:"perSecond"`
}

type latencySummary struct {
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`
	Max  float64 `json:"max"`
}

func (t *tally) summarize(mode string, seconds float64, window *cpuWindow) *summary {
	us := func(ns int64) float64 { return float64(ns) / 1000 }
	s := &summary{
		Mode: mode, Seconds: seconds, Messages: t.messages, Requests: t.requests,
		Throughput:      float64(t.messages) / seconds,
		MebibytesPerSec: float64(t.bytes) / seconds / (1 << 20),
		LatencyUs: latencySummary{
			P50: us(t.latency.quantileNs(0.5)), P90: us(t.latency.quantileNs(0.9)),
			P99: us(t.latency.quantileNs(0.99)), P999: us(t.latency.quantileNs(0.999)),
			Max: us(t.latency.maxNs),
		},
		ErrorsByCode: map[string]uint64{}, FirstRemark: t.firstRemark, Unanswered: t.unanswered,
		Acknowledged: t.acknowledged, StoredGrowth: -1, PerSecond: t.perSecond,
		OwnCPUSeconds: window.own.Seconds(),
	}
	if t.latency.total > 0 {
		s.LatencyUs.Mean = float64(t.latency.sumNs) / float64(t.latency.total) / 1000
	}
	for code, n := range t.errorsByCode {
		s.ErrorsByCode[strconv.Itoa(code)] = n
		s.Errors += n
	}
	perMessage := func(cpu time.Duration) float64 {
		if t.messages == 0 {
			return 0
		}
		return float64(cpu.Microseconds()) / float64(t.messages)
	}
	s.OwnCPUMicros = perMessage(window.own)
	if window.peerKnown {
		seconds, micros := window.peer.Seconds(), perMessage(window.peer)
		s.TargetCPUSeconds, s.TargetCPUMicros = &seconds, &micros
	}
	return s
}
