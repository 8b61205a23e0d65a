package main

import (
	"fmt"
	"math/rand"
	"strconv"
	"time"
)

// sendPlan is one send run. Either durations or messageCount bounds it.
type sendPlan struct {
	address     string
	connections int
	inFlight    int
	shape       sendShape
	queueCount  int
	warmUp      time.Duration
	duration    time.Duration
	// messageCount > 0: send exactly so many (repeating refused ones), as fast as possible.
	messageCount int64
	// ratePerSecond > 0: open loop. Requests start by the clock, not by answers, and latency counts
	// from the moment a request was due, so that a stall is charged to every request it delays.
	ratePerSecond float64
	threads       int
	pid           int
}

// sendWorker drives its share of the connections on one thread.
type sendWorker struct {
	plan      sendPlan
	index     int
	loop      *socketLoop
	members   []*connection
	requests  []*outstandingRequests
	templates [][]*sendTemplate // per connection, per queue
	tally     *tally
	// quota: messages still to be started (messageCount runs only)
	quota        int64
	next         uint64 // numbers requests; picks topic and queue
	sequence     uint64 // numbers messages; makes unique keys
	born         [bornDigits]byte
	bornAtNs     int64
	dueCount     int64 // open loop: requests started so far
	roundRobin   int
	intervalNs   float64
	drainEndNs   int64
	finishedAtNs int64
	progressAtNs int64
	progressSeen uint64
}

const (
	drainTimeout = 15 * time.Second
	// stallTimeout ends a run bounded by count when nothing was acknowledged for so long.
	stallTimeout = 30 * time.Second
)

func newSendWorker(plan sendPlan, index int) (*sendWorker, error) {
	w := &sendWorker{plan: plan, index: index}
	w.tally = newTally(plan.warmUp, plan.duration, plan.messageCount > 0)
	w.drainEndNs = int64(plan.warmUp + plan.duration + drainTimeout)
	loop, err := newSocketLoop(w)
	if err != nil {
		return nil, err
	}
	w.loop = loop
	if plan.messageCount > 0 {
		w.quota = shareOf(plan.messageCount, plan.threads, index)
	}
	spread := plan.shape.topicCount * plan.queueCount
	w.next = uint64(spread / plan.threads * index)
	if plan.ratePerSecond > 0 {
		w.intervalNs = float64(time.Second) / plan.ratePerSecond * float64(plan.threads)
	}
	count := int(shareOf(int64(plan.connections), plan.threads, index))
	for i := 0; i < count; i++ {
		c, err := loop.dial(i, plan.address)
		if err != nil {
			return nil, err
		}
		w.members = append(w.members, c)
		w.requests = append(w.requests, newOutstandingRequests(plan.inFlight))
		keyPrefix := fmt.Sprintf("%08X%04X%04X", rand.Uint32(), index, i)
		var perQueue []*sendTemplate
		for q := 0; q < plan.queueCount; q++ {
			perQueue = append(perQueue, newSendTemplate(plan.shape, q, keyPrefix))
		}
		w.templates = append(w.templates, perQueue)
	}
	return w, nil
}

func (w *sendWorker) begin(startedAt time.Time) { w.loop.startedAt = startedAt }

func (w *sendWorker) result() *tally { return w.tally }

func shareOf(total int64, parts, index int) int64 {
	share := total / int64(parts)
	if int64(index) < total%int64(parts) {
		share++
	}
	return share
}

func (w *sendWorker) run() error {
	defer w.loop.close()
	if len(w.members) == 0 {
		return nil
	}
	w.refreshBorn(w.loop.nowNs(), true)
	if w.intervalNs > 0 {
		interval := time.Duration(max(w.intervalNs, float64(100*time.Microsecond)))
		if err := w.loop.startTimer(interval); err != nil {
			return err
		}
	} else {
		for _, c := range w.members {
			w.startRequests(c, w.loop.nowNs())
		}
		if err := w.loop.flushAll(); err != nil {
			return err
		}
	}
	return w.loop.run(w.idle)
}

// idle ends the run: after the window no request starts, and the outstanding ones are awaited.
func (w *sendWorker) idle(nowNs int64) error {
	if w.plan.messageCount > 0 {
		if w.tally.acknowledged > w.progressSeen {
			w.progressSeen, w.progressAtNs = w.tally.acknowledged, nowNs
		} else if nowNs-w.progressAtNs > int64(stallTimeout) {
			return fmt.Errorf("nothing acknowledged for %s; codes so far %v %s", stallTimeout, w.tally.errorsByCode, w.tally.firstRemark)
		}
	}
	if !w.isOver(nowNs) {
		return nil
	}
	busy := w.busyCount()
	if busy == 0 {
		w.finishedAtNs = nowNs
		w.loop.stop()
	} else if w.plan.messageCount == 0 && nowNs > w.drainEndNs {
		w.tally.unanswered = uint64(busy)
		w.loop.stop()
	}
	return nil
}

func (w *sendWorker) isOver(nowNs int64) bool {
	if w.plan.messageCount > 0 {
		return w.quota <= 0
	}
	return nowNs >= w.tally.endNs
}

func (w *sendWorker) busyCount() int {
	busy := 0
	for _, r := range w.requests {
		busy += r.busy
	}
	return busy
}

func (w *sendWorker) onFrame(c *connection, frame []byte, nowNs int64) error {
	answer, slot, startNs, err := w.requests[c.id].settleBy(frame)
	if err != nil || slot == noSlot {
		return err
	}
	messages := uint64(max(w.plan.shape.batch, 1))
	if answer.code == 0 {
		w.tally.succeed(nowNs, nowNs-startNs, messages, 0)
		if w.plan.shape.isHalf {
			var ok bool
			// A one-way request has no answer, so its number is never waited for.
			if c.out, ok = appendCommit(c.out, answer.opaque, answer, w.plan.shape.brokerName); !ok {
				return fmt.Errorf("the answer does not say where the half message lies: %s", answer.header)
			}
		}
	} else {
		w.tally.fail(nowNs, answer)
		if w.plan.messageCount > 0 {
			w.quota += int64(messages)
		}
	}
	w.refreshBorn(nowNs, false)
	if w.intervalNs > 0 {
		w.startDueRequests(nowNs)
	} else {
		w.startRequests(c, nowNs)
	}
	return nil
}

func (w *sendWorker) onTimer(nowNs int64, _ uint64) error {
	w.refreshBorn(nowNs, false)
	w.startDueRequests(nowNs)
	return nil
}

func (w *sendWorker) onClosed(c *connection, cause error) error {
	return fmt.Errorf("connection %d: closed by the broker with %d requests unanswered (%v)", c.id, w.requests[c.id].busy, cause)
}

// startRequests keeps the connection at its number of requests in flight.
func (w *sendWorker) startRequests(c *connection, nowNs int64) {
	for w.requests[c.id].hasRoom() && !w.isOver(nowNs) {
		w.startRequest(c, nowNs)
	}
}

// startDueRequests starts what the rate has made due, round robin over connections with room.
func (w *sendWorker) startDueRequests(nowNs int64) {
	due := int64(float64(nowNs) / w.intervalNs)
	for w.dueCount < due && !w.isOver(nowNs) {
		tried := 0
		for ; tried < len(w.members) && !w.requests[w.roundRobin].hasRoom(); tried++ {
			w.roundRobin = (w.roundRobin + 1) % len(w.members)
		}
		if tried == len(w.members) {
			return
		}
		w.startRequest(w.members[w.roundRobin], int64(float64(w.dueCount+1)*w.intervalNs))
		w.dueCount++
		w.roundRobin = (w.roundRobin + 1) % len(w.members)
	}
}

func (w *sendWorker) startRequest(c *connection, startNs int64) {
	opaque, _ := w.requests[c.id].take(startNs)
	topics := uint64(w.plan.shape.topicCount)
	topic := int(w.next % topics)
	queue := int(w.next / topics % uint64(w.plan.queueCount))
	w.next++
	c.out = w.templates[c.id][queue].appendTo(c.out, opaque, topic, &w.born, w.sequence)
	w.sequence += uint64(w.plan.shape.batch) + 1
	w.quota -= int64(max(w.plan.shape.batch, 1))
}

// refreshBorn renews the text of the born time once a millisecond.
func (w *sendWorker) refreshBorn(nowNs int64, force bool) {
	if !force && nowNs-w.bornAtNs < int64(time.Millisecond) {
		return
	}
	w.bornAtNs = nowNs
	strconv.AppendInt(w.born[:0], time.Now().UnixMilli(), 10)
}
