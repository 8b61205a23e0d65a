package main

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Request codes of pop consumption. Source: org.apache.rocketmq.remoting.protocol.RequestCode.
const (
	codePopMessage = 200050
	codeAckMessage = 200051
)

// Answers to a pop that found nothing. Source: org.apache.rocketmq.remoting.protocol.ResponseCode.
const (
	codePollingFull    = 209
	codePollingTimeout = 210
)

const (
	popInvisibleMs = 60_000
	popPollMs      = 1_000
)

type popPlan struct {
	address     string
	connections int
	inFlight    int
	brokerName  string
	topic       string
	group       string
	perPop      int
	// count: messages to pop and acknowledge; the run ends when the last one is acknowledged.
	count   int64
	threads int
	pid     int
	// deadline: give up when the messages do not come.
	deadline time.Duration
}

// popProgress is shared by the threads of one run.
type popProgress struct{ acknowledged int64Cursor }

// poppedMessage is what an acknowledgement must name.
type poppedMessage struct {
	queueID     int
	queueOffset int64
	handle      string
}

// popSlot is one consumer thread as a client has it: it pops, acknowledges every message of the
// answer by a request of its own, and pops again when all acknowledgements are answered.
type popSlot struct {
	toAcknowledge int
}

// popWorker pops and acknowledges. Each connection has in-flight slots; the acknowledgements of a
// slot travel together, as the official push consumer sends them.
type popWorker struct {
	plan     popPlan
	progress *popProgress
	loop     *socketLoop
	members  []*connection
	requests []*outstandingRequests
	// owner: per connection and request slot, the consumer thread that waits for the answer.
	owners [][]int
	slots  [][]popSlot
	tally  *tally
	// isPop: per connection and request slot, whether it is a pop or an acknowledgement.
	isPop [][]bool
}

func newPopWorker(plan popPlan, progress *popProgress, index int) (*popWorker, error) {
	w := &popWorker{plan: plan, progress: progress, tally: newTally(0, 0, true)}
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
		requestSlots := plan.inFlight * (plan.perPop + 1)
		w.members = append(w.members, c)
		w.requests = append(w.requests, newOutstandingRequests(requestSlots))
		w.owners = append(w.owners, make([]int, requestSlots))
		w.isPop = append(w.isPop, make([]bool, requestSlots))
		w.slots = append(w.slots, make([]popSlot, plan.inFlight))
	}
	return w, nil
}

func (w *popWorker) begin(startedAt time.Time) { w.loop.startedAt = startedAt }

func (w *popWorker) result() *tally { return w.tally }

func (w *popWorker) run() error {
	defer w.loop.close()
	for _, c := range w.members {
		for slot := range w.slots[c.id] {
			w.pop(c, slot, w.loop.nowNs())
		}
	}
	if err := w.loop.flushAll(); err != nil {
		return err
	}
	return w.loop.run(w.idle)
}

func (w *popWorker) idle(nowNs int64) error {
	if w.progress.acknowledged.Load() >= w.plan.count {
		w.loop.stop()
		return nil
	}
	if nowNs > int64(w.plan.deadline) {
		return fmt.Errorf("%d of %d messages acknowledged after %s",
			w.progress.acknowledged.Load(), w.plan.count, w.plan.deadline)
	}
	return nil
}

func (w *popWorker) onTimer(int64, uint64) error { return nil }

func (w *popWorker) onClosed(c *connection, cause error) error {
	return fmt.Errorf("connection %d: closed by the broker (%v)", c.id, cause)
}

func (w *popWorker) pop(c *connection, slot int, nowNs int64) {
	opaque, request := w.requests[c.id].take(nowNs)
	w.owners[c.id][request], w.isPop[c.id][request] = slot, true
	now := time.Now().UnixMilli()
	fields := [...]field{
		{"consumerGroup", w.plan.group}, {"topic", w.plan.topic}, {"queueId", "-1"},
		{"maxMsgNums", strconv.Itoa(w.plan.perPop)}, {"invisibleTime", strconv.Itoa(popInvisibleMs)},
		{"pollTime", strconv.Itoa(popPollMs)}, {"bornTime", strconv.FormatInt(now, 10)},
		{"initMode", "0"}, {"expType", "TAG"}, {"exp", "*"}, {"order", "false"},
		{"bname", w.plan.brokerName},
	}
	c.out = appendRequest(c.out, codePopMessage, opaque, 0, fields[:], nil)
}

func (w *popWorker) acknowledge(c *connection, slot int, message poppedMessage, nowNs int64) {
	opaque, request := w.requests[c.id].take(nowNs)
	w.owners[c.id][request], w.isPop[c.id][request] = slot, false
	fields := [...]field{
		{"consumerGroup", w.plan.group}, {"topic", w.plan.topic},
		{"queueId", strconv.Itoa(message.queueID)},
		{"offset", strconv.FormatInt(message.queueOffset, 10)},
		{"extraInfo", message.handle}, {"bname", w.plan.brokerName},
	}
	c.out = appendRequest(c.out, codeAckMessage, opaque, 0, fields[:], nil)
}

func (w *popWorker) onFrame(c *connection, frame []byte, nowNs int64) error {
	answer, request, startNs, err := w.requests[c.id].settleBy(frame)
	if err != nil || request == noSlot {
		return err
	}
	slot := w.owners[c.id][request]
	if w.isPop[c.id][request] {
		return w.onPopped(c, slot, answer, nowNs)
	}
	if answer.code != 0 {
		w.tally.fail(nowNs, answer)
		return fmt.Errorf("acknowledgement refused: %d %s", answer.code, answer.remark())
	}
	w.tally.succeed(nowNs, nowNs-startNs, 1, 0)
	w.progress.acknowledged.Add(1)
	own := &w.slots[c.id][slot]
	if own.toAcknowledge--; own.toAcknowledge == 0 {
		w.pop(c, slot, nowNs)
	}
	return nil
}

func (w *popWorker) onPopped(c *connection, slot int, answer response, nowNs int64) error {
	switch answer.code {
	case 0:
	case codePollingFull, codePollingTimeout:
		if w.progress.acknowledged.Load() < w.plan.count {
			w.pop(c, slot, nowNs)
		}
		return nil
	default:
		w.tally.fail(nowNs, answer)
		return fmt.Errorf("pop refused: %d %s", answer.code, answer.remark())
	}
	messages, err := popped(answer, w.plan.brokerName)
	if err != nil {
		return err
	}
	if len(messages) == 0 || len(messages) > w.plan.perPop {
		return fmt.Errorf("%d messages for a pop of %d", len(messages), w.plan.perPop)
	}
	w.tally.bytes += uint64(len(answer.body))
	w.slots[c.id][slot].toAcknowledge = len(messages)
	for _, message := range messages {
		w.acknowledge(c, slot, message, nowNs)
	}
	return nil
}

// popped makes the handles of an answer's messages, as MQClientAPIImpl#processPopResponse does.
func popped(answer response, brokerName string) ([]poppedMessage, error) {
	info, ok := answer.extField("startOffsetInfo")
	if !ok {
		return nil, fmt.Errorf("answer without startOffsetInfo")
	}
	starts := map[int]string{}
	for _, part := range strings.Split(info, ";") {
		words := strings.Split(part, " ")
		if len(words) != 3 || words[0] != "0" {
			return nil, fmt.Errorf("startOffsetInfo %q", info)
		}
		queueID, err := strconv.Atoi(words[1])
		if err != nil {
			return nil, err
		}
		starts[queueID] = words[2]
	}
	popTime, _ := answer.extField("popTime")
	invisibleTime, _ := answer.extField("invisibleTime")
	reviveQueue, _ := answer.extField("reviveQid")
	var messages []poppedMessage
	for body := answer.body; len(body) > 0; {
		if len(body) < 88 {
			return nil, fmt.Errorf("%d bytes left, no record is that short", len(body))
		}
		size := int(binary.BigEndian.Uint32(body))
		if size < 88 || size > len(body) {
			return nil, fmt.Errorf("record of %d bytes, %d bytes left", size, len(body))
		}
		queueID := int(int32(binary.BigEndian.Uint32(body[12:])))
		queueOffset := int64(binary.BigEndian.Uint64(body[20:]))
		start, known := starts[queueID]
		if !known {
			return nil, fmt.Errorf("queue %d is not in %q", queueID, info)
		}
		queue, offset := strconv.Itoa(queueID), strconv.FormatInt(queueOffset, 10)
		handle := start + " " + popTime + " " + invisibleTime + " " + reviveQueue + " 0 " +
			brokerName + " " + queue + " " + offset
		messages = append(messages, poppedMessage{queueID, queueOffset, handle})
		body = body[size:]
	}
	return messages, nil
}

// runPop pops and acknowledges -count messages for a group of its own.
func runPop(o options) (any, error) {
	plan := popPlan{
		address: o.broker, connections: o.connections, inFlight: o.inFlight, brokerName: o.brokerName,
		topic: o.topic, group: fmt.Sprintf("bench_pop_%d", time.Now().UnixNano()), perPop: o.perPull,
		count: o.count, threads: o.threads, pid: o.pid, deadline: o.timeout,
	}
	if plan.perPop > 32 {
		return nil, fmt.Errorf("a pop gives at most 32 messages, not %d", plan.perPop)
	}
	progress := &popProgress{}
	var workers []worker
	for i := 0; i < plan.threads; i++ {
		w, err := newPopWorker(plan, progress, i)
		if err != nil {
			return nil, err
		}
		workers = append(workers, w)
	}
	result, err := runWorkers("pop", workers, 0, 0, plan.pid)
	if err == nil && int64(result.Messages) != plan.count {
		err = fmt.Errorf("%d messages acknowledged, %d were there", result.Messages, plan.count)
	}
	return result, err
}
