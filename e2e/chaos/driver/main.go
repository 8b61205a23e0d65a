// chaos-driver sends to a broker that is being killed, and reads everything back. It writes what it saw, one JSON event a
// line (libs/testing/src/history/history.ts), and leaves every judgement to the checker.
//
//	chaos-driver produce -broker H:P -topic T -queues N -run ID -history FILE    until standard input ends
//	chaos-driver drain   -broker H:P -topic T -queues N -reader NAME -history FILE
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

type event struct {
	Type        string `json:"type"`
	ID          string `json:"id,omitempty"`
	Producer    string `json:"producer,omitempty"`
	Seq         *int   `json:"seq,omitempty"`
	Queue       string `json:"queue,omitempty"`
	QueueOffset *int64 `json:"queueOffset,omitempty"`
	Reader      string `json:"reader,omitempty"`
	Intact      *bool  `json:"intact,omitempty"`
	MinOffset   *int64 `json:"minOffset,omitempty"`
	MaxOffset   *int64 `json:"maxOffset,omitempty"`
	AtUs        int64  `json:"atUs"`
}

var started = time.Now()

type history struct {
	mu  sync.Mutex
	out *bufio.Writer
}

func (h *history) note(e event) {
	e.AtUs = time.Since(started).Microseconds()
	line, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.out.Write(line)
	h.out.WriteByte('\n')
}

type settings struct {
	broker, topic, run, reader string
	queues                     int
	paceMs                     int
}

func main() {
	runtime.GOMAXPROCS(1) // the other core is for the broker
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: chaos-driver produce|drain …")
		os.Exit(2)
	}
	var s settings
	var path string
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	flags.StringVar(&s.broker, "broker", "", "host:port")
	flags.StringVar(&s.topic, "topic", "Chaos", "topic")
	flags.StringVar(&s.run, "run", "r", "name of the run")
	flags.StringVar(&s.reader, "reader", "scan", "name of the reader")
	flags.IntVar(&s.queues, "queues", 4, "queues of the topic")
	flags.IntVar(&s.paceMs, "pace-ms", 2, "pause of each producer between two sends")
	flags.StringVar(&path, "history", "", "file to write")
	flags.Parse(os.Args[2:])

	file, err := os.Create(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	h := &history{out: bufio.NewWriterSize(file, 1<<20)}
	switch os.Args[1] {
	case "produce":
		produce(s, h)
	case "drain":
		err = drain(s, h)
	default:
		err = fmt.Errorf("no such command: %s", os.Args[1])
	}
	h.out.Flush()
	file.Close()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// link is a connection that is made anew whenever it was lost.
type link struct {
	address string
	mu      sync.Mutex
	current *connection
}

func (l *link) get(stopped *atomic.Bool) *connection {
	l.mu.Lock()
	defer l.mu.Unlock()
	for !stopped.Load() {
		if l.current != nil && l.current.alive() {
			return l.current
		}
		if c, err := dial(l.address); err == nil {
			l.current = c
			return c
		}
		time.Sleep(reconnectInterval)
	}
	return nil
}

func produce(s settings, h *history) {
	var stopped atomic.Bool
	go func() {
		io.Copy(io.Discard, os.Stdin)
		stopped.Store(true)
	}()
	var wait sync.WaitGroup
	start := func(work func()) {
		wait.Add(1)
		go func() {
			defer wait.Done()
			work()
		}()
	}
	for n := 0; n < 4; n++ {
		l := &link{address: s.broker}
		name := "p" + strconv.Itoa(n)
		window := 8
		if n == 0 {
			window = 1 // one send at a time: its order is promised
		}
		var seq atomic.Int64
		queue := n % s.queues
		for w := 0; w < window; w++ {
			start(func() {
				for !stopped.Load() {
					sendOne(s, h, l, &stopped, newMessage(s.run, name, int(seq.Add(1)-1)), queue)
					time.Sleep(time.Duration(s.paceMs) * time.Millisecond)
				}
			})
		}
	}
	start(func() {
		l := &link{address: s.broker}
		for seq := 0; !stopped.Load(); seq += 8 {
			sendBatch(s, h, l, &stopped, seq)
			time.Sleep(10 * time.Duration(s.paceMs) * time.Millisecond)
		}
	})
	start(func() { readLive(s, h, &stopped) })
	wait.Wait()
}

func sendExt(s settings, queue int, properties string, batch bool) map[string]string {
	return map[string]string{
		"a": "chaos", "b": s.topic, "c": "TBW102", "d": strconv.Itoa(s.queues), "e": strconv.Itoa(queue), "f": "0",
		"g": strconv.FormatInt(time.Now().UnixMilli(), 10), "h": "0", "i": properties, "j": "0", "k": "false", "l": "0",
		"m": strconv.FormatBool(batch), "n": "broker-a",
	}
}

func sendOne(s settings, h *history, l *link, stopped *atomic.Bool, m message, queue int) {
	c := l.get(stopped)
	if c == nil {
		return
	}
	seq := m.seq
	h.note(event{Type: "invoke", ID: m.id, Producer: m.producer, Seq: &seq})
	got, err := c.call(codeSendV2, sendExt(s, queue, encodeProperties(m.properties()), false), m.body())
	noteOutcome(s, h, m.id, got, err, 0)
}

func sendBatch(s settings, h *history, l *link, stopped *atomic.Bool, firstSeq int) {
	c := l.get(stopped)
	if c == nil {
		return
	}
	batch := make([]message, 8)
	for i := range batch {
		batch[i] = newMessage(s.run, "batch", firstSeq+i)
		seq := batch[i].seq
		h.note(event{Type: "invoke", ID: batch[i].id, Producer: "batch", Seq: &seq})
	}
	got, err := c.call(codeSendBatch, sendExt(s, s.queues-1, "", true), encodeBatch(batch))
	for i, m := range batch {
		noteOutcome(s, h, m.id, got, err, int64(i))
	}
}

func noteOutcome(s settings, h *history, id string, got *answer, err error, place int64) {
	if err != nil {
		h.note(event{Type: "unknown", ID: id})
		return
	}
	kind := "fail"
	switch got.Code {
	case 0:
		kind = "ok"
	case 10, 11, 12:
		kind = "weak"
	case 1:
		kind = "unknown" // an internal error says nothing about what was stored
	}
	if kind != "ok" && kind != "weak" {
		fmt.Fprintf(os.Stderr, "send of %s: code %d %s\n", id, got.Code, got.Remark)
		h.note(event{Type: kind, ID: id})
		return
	}
	first, err := strconv.ParseInt(got.ExtFields["queueOffset"], 10, 64)
	if err != nil {
		fmt.Fprintf(os.Stderr, "answer without queueOffset: %v\n", got.ExtFields)
		h.note(event{Type: "unknown", ID: id})
		return
	}
	at := first + place
	h.note(event{Type: kind, ID: id, Queue: s.topic + "/" + got.ExtFields["queueId"], QueueOffset: &at})
}

func (s settings) queueName(queue int) string { return s.topic + "/" + strconv.Itoa(queue) }

func noteRecords(s settings, h *history, reader string, queue int, records []record) {
	for _, stored := range records {
		id, intact := identify(stored)
		at := stored.queueOffset
		h.note(event{Type: "read", Reader: reader, Queue: s.queueName(queue), QueueOffset: &at, ID: id, Intact: &intact})
	}
}

// readLive follows the queues while the broker is killed under it: what it saw once must still be there at the end.
func readLive(s settings, h *history, stopped *atomic.Bool) {
	l := &link{address: s.broker}
	next := make([]int64, s.queues)
	for !stopped.Load() {
		for queue := 0; queue < s.queues && !stopped.Load(); queue++ {
			c := l.get(stopped)
			if c == nil {
				return
			}
			records, after, code, err := c.pull("live", s.topic, queue, next[queue])
			if err != nil {
				continue
			}
			noteRecords(s, h, "live", queue, records)
			if code == 0 || code == 20 {
				next[queue] = after
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// drain reads every queue from its first to its last place.
func drain(s settings, h *history) error {
	var never atomic.Bool
	l := &link{address: s.broker}
	for queue := 0; queue < s.queues; queue++ {
		c := l.get(&never)
		minOffset, err := c.queueBound(codeGetMinOffset, s.topic, queue)
		if err != nil {
			return fmt.Errorf("min offset of %s: %w", s.queueName(queue), err)
		}
		maxOffset, err := c.queueBound(codeGetMaxOffset, s.topic, queue)
		if err != nil {
			return fmt.Errorf("max offset of %s: %w", s.queueName(queue), err)
		}
		for next := minOffset; next < maxOffset; {
			records, after, code, err := c.pull(s.reader, s.topic, queue, next)
			if err != nil {
				return fmt.Errorf("pull of %s at %d: %w", s.queueName(queue), next, err)
			}
			noteRecords(s, h, s.reader, queue, records)
			if after <= next {
				return fmt.Errorf("pull of %s at %d answered %d and does not go on", s.queueName(queue), next, code)
			}
			next = after
		}
		h.note(event{Type: "drained", Reader: s.reader, Queue: s.queueName(queue), MinOffset: &minOffset, MaxOffset: &maxOffset})
	}
	return nil
}
