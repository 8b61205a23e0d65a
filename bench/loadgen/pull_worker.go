package main

import (
	"fmt"
	"sync/atomic"
	"time"
)

// int64Cursor is shared by the threads that pull from the same queue.
type int64Cursor = atomic.Int64

// backlog is what there is to pull: for each queue the readable range, and how far it was handed
// out. Cursors run on past the end, which means: from the beginning again.
type backlog struct {
	topic      string
	firsts     []int64
	ends       []int64
	handedOut  []int64Cursor
	perPull    int
	passes     int64 // 0: go round until the time is over
	totalCount int64
}

func readBacklog(admin *adminClient, topic string, queueCount, perPull int, passes int64) (*backlog, error) {
	b := &backlog{topic: topic, perPull: perPull, passes: passes, handedOut: make([]int64Cursor, queueCount)}
	for q := 0; q < queueCount; q++ {
		first, err := admin.queueEnd(codeGetMinOffset, topic, q)
		if err != nil {
			return nil, err
		}
		end, err := admin.queueEnd(codeGetMaxOffset, topic, q)
		if err != nil {
			return nil, err
		}
		b.firsts, b.ends = append(b.firsts, first), append(b.ends, end)
		b.totalCount += end - first
	}
	return b, nil
}

// chunk is the range that one pull is asked for, and the re-asks when the broker gives less.
type chunk struct {
	queueID int
	from    int64
	count   int
}

// take hands out the next range of a queue; false when the passes are used up.
func (b *backlog) take(queueID int) (chunk, bool) {
	length := b.ends[queueID] - b.firsts[queueID]
	if length <= 0 {
		return chunk{}, false
	}
	perPass := (length + int64(b.perPull) - 1) / int64(b.perPull)
	n := b.handedOut[queueID].Add(1) - 1
	if b.passes > 0 && n >= perPass*b.passes {
		return chunk{}, false
	}
	from := n % perPass * int64(b.perPull)
	return chunk{queueID, b.firsts[queueID] + from, int(min(int64(b.perPull), length-from))}, true
}

type pullPlan struct {
	address     string
	connections int
	inFlight    int
	brokerName  string
	warmUp      time.Duration
	duration    time.Duration
	threads     int
	pid         int
	// wantBody: compare every body with this; nil: sizes, magics and offsets only.
	wantBody []byte
	// isHold: ask for what is not there yet, so that the broker holds the requests.
	isHold bool
	// lockEvery makes each connection an orderly member of the group, which asks for the locks of its
	// queues at the beginning and so often again; 0: plain pulls.
	lockEvery time.Duration
}

const pullSuspendMs = 15000

// pullWorker drains a backlog. A connection keeps to its own share of the queues, as consumers do.
type pullWorker struct {
	plan     pullPlan
	backlog  *backlog
	loop     *socketLoop
	members  []*connection
	requests []*outstandingRequests
	chunks   [][]chunk // per connection, per slot: what is left of the slot's range
	queues   [][]int   // per connection
	rotation []int
	orderly  []*orderlyMember // per connection; empty: plain pulls
	renewNs  int64            // when the locks are asked for again
	tally    *tally
	finished bool
}

func newPullWorker(plan pullPlan, b *backlog, index int) (*pullWorker, error) {
	w := &pullWorker{plan: plan, backlog: b}
	w.tally = newTally(plan.warmUp, plan.duration, b.passes > 0)
	loop, err := newSocketLoop(w)
	if err != nil {
		return nil, err
	}
	w.loop = loop
	for global := index; global < plan.connections; global += plan.threads {
		c, err := loop.dial(len(w.members), plan.address)
		if err != nil {
			return nil, err
		}
		w.members = append(w.members, c)
		w.requests = append(w.requests, newOutstandingRequests(plan.inFlight))
		w.chunks = append(w.chunks, make([]chunk, plan.inFlight))
		w.queues = append(w.queues, queuesOf(global, plan.connections, len(b.ends)))
		w.rotation = append(w.rotation, 0)
		if plan.lockEvery > 0 {
			m, err := newOrderlyMember(global, plan.brokerName, b.topic, w.queues[c.id])
			if err != nil {
				return nil, err
			}
			w.orderly = append(w.orderly, m)
		}
	}
	return w, nil
}

func queuesOf(connection, connections, queueCount int) []int {
	if connections >= queueCount {
		return []int{connection % queueCount}
	}
	var own []int
	for q := connection; q < queueCount; q += connections {
		own = append(own, q)
	}
	return own
}

func (w *pullWorker) begin(startedAt time.Time) { w.loop.startedAt = startedAt }

func (w *pullWorker) result() *tally { return w.tally }

func (w *pullWorker) run() error {
	defer w.loop.close()
	if err := w.renewLocks(0); err != nil {
		return err
	}
	for _, c := range w.members {
		for w.requests[c.id].hasRoom() && w.startNext(c, w.loop.nowNs()) {
		}
	}
	if err := w.loop.flushAll(); err != nil {
		return err
	}
	return w.loop.run(w.idle)
}

// renewLocks appends to what is written next.
func (w *pullWorker) renewLocks(nowNs int64) error {
	w.renewNs = nowNs + int64(w.plan.lockEvery)
	for id, m := range w.orderly {
		if err := m.renew(w.members[id]); err != nil {
			return err
		}
	}
	return nil
}

func (w *pullWorker) idle(nowNs int64) error {
	if len(w.orderly) > 0 && nowNs >= w.renewNs {
		if err := w.renewLocks(nowNs); err != nil {
			return err
		}
		if err := w.loop.flushAll(); err != nil {
			return err
		}
	}
	if w.backlog.passes == 0 {
		if nowNs >= w.tally.endNs {
			w.loop.stop()
		}
		return nil
	}
	for _, r := range w.requests {
		if r.busy > 0 {
			return nil
		}
	}
	w.loop.stop()
	return nil
}

func (w *pullWorker) onTimer(int64, uint64) error { return nil }

func (w *pullWorker) onClosed(c *connection, cause error) error {
	return fmt.Errorf("connection %d: closed by the broker (%v)", c.id, cause)
}

func (w *pullWorker) startNext(c *connection, nowNs int64) bool {
	own := w.queues[c.id]
	for range own {
		queueID := own[w.rotation[c.id]%len(own)]
		w.rotation[c.id]++
		if w.plan.isHold {
			w.pull(c, chunk{queueID, w.backlog.ends[queueID], w.backlog.perPull}, nowNs)
			return true
		}
		if next, ok := w.backlog.take(queueID); ok {
			w.pull(c, next, nowNs)
			return true
		}
	}
	return false
}

func (w *pullWorker) pull(c *connection, what chunk, nowNs int64) {
	opaque, slot := w.requests[c.id].take(nowNs)
	w.chunks[c.id][slot] = what
	c.out = appendPull(c.out, opaque, w.plan.brokerName, w.backlog.topic, what.queueID, what.from, what.count, pullSuspendMs)
}

func (w *pullWorker) onFrame(c *connection, frame []byte, nowNs int64) error {
	if len(w.orderly) > 0 {
		answer, err := parseResponse(frame)
		if err != nil {
			return err
		}
		if answer.opaque < opaqueBase && !answer.isServerRequest() {
			return w.orderly[c.id].take(answer)
		}
	}
	answer, slot, startNs, err := w.requests[c.id].settleBy(frame)
	if err != nil || slot == noSlot {
		return err
	}
	asked := w.chunks[c.id][slot]
	if w.plan.isHold && answer.code == codePullNotFound {
		w.tally.succeed(nowNs, nowNs-startNs, 1, 0)
		w.startNext(c, nowNs)
		return nil
	}
	if answer.code != 0 {
		w.tally.fail(nowNs, answer)
		w.pull(c, asked, nowNs)
		return nil
	}
	count, err := checkRecords(answer.body, asked.queueID, asked.from, w.plan.wantBody)
	if err != nil {
		return err
	}
	if count == 0 || count > asked.count {
		return fmt.Errorf("queue %d offset %d: %d messages for a pull of %d", asked.queueID, asked.from, count, asked.count)
	}
	w.tally.succeed(nowNs, nowNs-startNs, uint64(count), uint64(len(answer.body)))
	if count < asked.count {
		w.pull(c, chunk{asked.queueID, asked.from + int64(count), asked.count - count}, nowNs)
	} else {
		w.startNext(c, nowNs)
	}
	return nil
}

const codePullNotFound = 19
