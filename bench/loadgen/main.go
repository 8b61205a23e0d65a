// Command loadgen puts load on a RocketMQ broker and prints one line of JSON about it.
//
//	loadgen create    create topics
//	loadgen send      closed loop: connections x in flight, for a time
//	loadgen transaction  as send, but half messages, each committed when it is acknowledged
//	loadgen latency   open loop: a fixed rate, latency from the moment a message was due
//	loadgen fill      write a number of messages
//	loadgen pull      drain a backlog, over and over for a time or a number of passes
//	loadgen pop       pop and acknowledge a number of messages, each by a request of its own
//	loadgen hold      keep pulls held by the broker
//	loadgen lag       how far a slave is behind its master
//	loadgen outage    for how long a message cannot be read
//	loadgen route     wait until the nameserver knows the broker
//	loadgen first-ack wait for the first acknowledged send
//	loadgen echo      answer every request at once: the generator's own ceiling
//
// Exit codes: 0 done, 1 failed (nothing printed that counts), 2 wrong usage, 3 done but the broker
// stored fewer messages than it acknowledged.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

type options struct {
	broker, nameserver, brokerName, topic string
	slave                                 string
	connections, inFlight                 int
	bodyBytes, batch, topics, queues      int
	keys                                  string
	tag                                   string
	warmUp, duration, timeout, lockEvery  time.Duration
	count, passes                         int64
	rate                                  float64
	threads, pid, port, perPull           int
	verify, create, check                 bool
}

func parseOptions(mode string, args []string) (options, error) {
	var o options
	f := flag.NewFlagSet(mode, flag.ContinueOnError)
	f.StringVar(&o.broker, "broker", "127.0.0.1:10911", "broker address, IPv4:port")
	f.StringVar(&o.slave, "slave", "", "lag: address of the slave, IPv4:port")
	f.StringVar(&o.nameserver, "nameserver", "", "first-ack: also wait for a route here")
	f.StringVar(&o.brokerName, "broker-name", "bench-broker", "broker name sent in field n")
	f.StringVar(&o.topic, "topic", "BenchTopic", "topic; prefix of the names when -topics > 1")
	f.IntVar(&o.connections, "connections", 8, "TCP connections")
	f.IntVar(&o.inFlight, "in-flight", 64, "unanswered requests per connection")
	f.IntVar(&o.bodyBytes, "body", 1024, "body size in bytes")
	f.IntVar(&o.batch, "batch", 1, "messages per request; above 1 SEND_BATCH_MESSAGE")
	f.IntVar(&o.topics, "topics", 1, "number of topics")
	f.IntVar(&o.queues, "queues", 8, "queues per topic")
	f.StringVar(&o.tag, "tag", "TagA", "TAGS property; empty: none")
	f.StringVar(&o.keys, "keys", "", "KEYS property; empty: none")
	f.DurationVar(&o.warmUp, "warm-up", 2*time.Second, "not measured, at the beginning")
	f.DurationVar(&o.duration, "duration", 8*time.Second, "measured")
	f.DurationVar(&o.timeout, "timeout", time.Minute, "first-ack, pop: give up after")
	f.DurationVar(&o.lockEvery, "lock-every", 0, "pull: as orderly consumers, which ask for their locks so often; 0: plain")
	f.Int64Var(&o.count, "count", 1_000_000, "fill, pop: number of messages")
	f.Int64Var(&o.passes, "passes", 0, "pull: drain so many times, unmeasured warm-up off; 0: by time")
	f.Float64Var(&o.rate, "rate", 1000, "latency: messages per second")
	f.IntVar(&o.threads, "threads", 1, "threads that serve connections")
	f.IntVar(&o.pid, "pid", 0, "process whose CPU time is read at both ends of the window")
	f.IntVar(&o.port, "port", 0, "echo: port, 0: any free one")
	f.IntVar(&o.perPull, "per-pull", 32, "pull, pop: messages asked for at once")
	f.BoolVar(&o.verify, "verify", false, "pull: compare every body with what fill wrote")
	f.BoolVar(&o.create, "create", true, "create the topics first")
	f.BoolVar(&o.check, "check", true, "compare the queues' growth with what was acknowledged")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.connections < 1 || o.inFlight < 1 || o.topics < 1 || o.queues < 1 || o.threads < 1 || o.batch < 1 || o.perPull < 1 {
		return o, errors.New("counts must be at least 1")
	}
	if o.inFlight > 4096 || o.topics > 99_999 || o.bodyBytes < 1 || o.bodyBytes > 4<<20 {
		return o, errors.New("limits: in-flight 4096, topics 99999, body 1 byte to 4 MiB")
	}
	if o.rate <= 0 {
		return o, errors.New("rate must be above 0")
	}
	return o, nil
}

// errLostMessages makes exit code 3.
var errLostMessages = errors.New("the broker stored fewer messages than it acknowledged")

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: loadgen create|send|transaction|latency|fill|pull|pop|hold|lag|outage|route|first-ack|echo [options]; -h after a mode lists them")
		os.Exit(2)
	}
	mode := os.Args[1]
	o, err := parseOptions(mode, os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "loadgen:", err)
		os.Exit(2)
	}
	// the loops allocate nothing once they run; a collection would only disturb what is measured
	debug.SetGCPercent(400)
	runtime.GOMAXPROCS(o.threads + 1)
	result, err := runMode(mode, o)
	if result != nil {
		line, marshalErr := json.Marshal(result)
		if marshalErr != nil {
			err = marshalErr
		} else {
			fmt.Println(string(line))
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "loadgen "+mode+":", err)
		if errors.Is(err, errLostMessages) {
			os.Exit(3)
		}
		os.Exit(1)
	}
}

func runMode(mode string, o options) (any, error) {
	switch mode {
	case "create":
		return nil, withAdmin(o, func(admin *adminClient) error {
			return admin.createTopics(o.topic, o.topics, o.queues)
		})
	case "send":
		return runSend(mode, o, sendPlan{warmUp: o.warmUp, duration: o.duration})
	case "transaction":
		if o.batch > 1 {
			return nil, errors.New("transactions have no batches")
		}
		return runSend(mode, o, sendPlan{warmUp: o.warmUp, duration: o.duration})
	case "latency":
		return runSend(mode, o, sendPlan{warmUp: o.warmUp, duration: o.duration, ratePerSecond: o.rate})
	case "fill":
		return runSend(mode, o, sendPlan{messageCount: o.count})
	case "pull", "hold":
		return runPull(mode, o)
	case "pop":
		return runPop(o)
	case "first-ack":
		// a typed nil inside any is not nil, so the failure is returned on its own
		ack, err := awaitFirstAcknowledgement(o.nameserver, o.broker, o.brokerName, o.topic, o.timeout)
		if err != nil {
			return nil, err
		}
		return ack, nil
	case "route":
		return nil, awaitRoute(o.nameserver, o.timeout)
	case "lag":
		summary, err := probeLag(o)
		if err != nil {
			return nil, err
		}
		return summary, nil
	case "outage":
		summary, err := probeOutage(o)
		if err != nil {
			return nil, err
		}
		return summary, nil
	case "echo":
		return nil, serveEcho(o.port)
	}
	return nil, fmt.Errorf("unknown mode %q", mode)
}

func withAdmin(o options, do func(*adminClient) error) error {
	admin, err := dialAdmin(o.broker)
	if err != nil {
		return err
	}
	defer admin.close()
	return do(admin)
}

// bodyOf is the body of every message: the same bytes for the same size, and not compressible.
func bodyOf(size int) []byte {
	body := make([]byte, size)
	rand.New(rand.NewSource(int64(size))).Read(body)
	return body
}

func runSend(mode string, o options, plan sendPlan) (any, error) {
	plan.address, plan.connections, plan.inFlight = o.broker, o.connections, o.inFlight
	plan.queueCount, plan.threads, plan.pid = o.queues, o.threads, o.pid
	plan.shape = sendShape{
		topicPrefix: o.topic, topicCount: o.topics, brokerName: o.brokerName,
		tag: o.tag, keys: o.keys, body: bodyOf(o.bodyBytes), batch: o.batch, isHalf: mode == "transaction",
	}
	if plan.messageCount%int64(o.batch) != 0 {
		return nil, fmt.Errorf("count %d is not a multiple of the batch size", plan.messageCount)
	}
	if plan.messageCount > 0 && o.batch > 1 && plan.messageCount/int64(o.batch)%int64(o.threads) != 0 {
		return nil, errors.New("batches must divide evenly over threads")
	}
	var before int64
	err := withAdmin(o, func(admin *adminClient) (err error) {
		if o.create {
			if err = admin.createTopics(o.topic, o.topics, o.queues); err != nil {
				return err
			}
		}
		if o.check {
			before, err = admin.storedCount(o.topic, o.topics, o.queues)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var workers []worker
	for i := 0; i < plan.threads; i++ {
		w, err := newSendWorker(plan, i)
		if err != nil {
			return nil, err
		}
		workers = append(workers, w)
	}
	result, err := runWorkers(mode, workers, plan.warmUp, plan.duration, plan.pid)
	if err != nil || !o.check {
		return result, err
	}
	err = withAdmin(o, func(admin *adminClient) error { return checkStored(admin, o, before, result) })
	return result, err
}

// checkStored waits until the queues have grown by what was acknowledged. Growth beyond that is
// allowed only for requests that were never answered.
func checkStored(admin *adminClient, o options, before int64, result *summary) error {
	deadline := time.Now().Add(20 * time.Second)
	for {
		after, err := admin.storedCount(o.topic, o.topics, o.queues)
		if err != nil {
			return err
		}
		result.StoredGrowth = after - before
		if result.StoredGrowth >= int64(result.Acknowledged) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%w: %d of %d", errLostMessages, result.StoredGrowth, result.Acknowledged)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func runPull(mode string, o options) (any, error) {
	plan := pullPlan{
		address: o.broker, connections: o.connections, inFlight: o.inFlight, brokerName: o.brokerName,
		warmUp: o.warmUp, duration: o.duration, threads: o.threads, pid: o.pid, isHold: mode == "hold",
		lockEvery: o.lockEvery,
	}
	if o.verify {
		plan.wantBody = bodyOf(o.bodyBytes)
	}
	if o.passes > 0 {
		plan.warmUp, plan.duration = 0, 0
	}
	var b *backlog
	err := withAdmin(o, func(admin *adminClient) (err error) {
		if plan.isHold && o.create {
			if err = admin.createTopics(o.topic, 1, o.queues); err != nil {
				return err
			}
		}
		b, err = readBacklog(admin, o.topic, o.queues, o.perPull, o.passes)
		return err
	})
	if err != nil {
		return nil, err
	}
	if b.totalCount == 0 && !plan.isHold {
		return nil, fmt.Errorf("topic %s is empty: nothing to pull", o.topic)
	}
	var workers []worker
	for i := 0; i < plan.threads; i++ {
		w, err := newPullWorker(plan, b, i)
		if err != nil {
			return nil, err
		}
		workers = append(workers, w)
	}
	result, err := runWorkers(mode, workers, plan.warmUp, plan.duration, plan.pid)
	if err == nil && o.passes > 0 && int64(result.Messages) != b.totalCount*o.passes {
		err = fmt.Errorf("%d messages pulled, %d were there", result.Messages, b.totalCount*o.passes)
	}
	return result, err
}

type worker interface {
	begin(startedAt time.Time)
	run() error
	result() *tally
}

// runWorkers starts every worker on its own thread and reads the CPU times of both processes at
// the two ends of the measured window (of the whole run when it is bounded by count).
func runWorkers(mode string, workers []worker, warmUp, duration time.Duration, pid int) (*summary, error) {
	runtime.GC()
	ended := make(chan error, len(workers))
	startedAt := time.Now()
	for _, w := range workers {
		w.begin(startedAt)
	}
	for _, w := range workers {
		go func(w worker) {
			runtime.LockOSThread()
			ended <- w.run()
		}(w)
	}
	window := cpuWindow{pid: pid}
	isBounded, isEnded := duration > 0, false
	var beginAt, endAt <-chan time.Time
	if isBounded {
		beginAt, endAt = time.After(warmUp), time.After(warmUp+duration)
	} else {
		window.begin()
	}
	var firstErr error
	for running := len(workers); running > 0; {
		select {
		case err := <-ended:
			running--
			if err != nil && firstErr == nil {
				firstErr = err
			}
			if firstErr != nil {
				return nil, firstErr
			}
		case <-beginAt:
			window.begin()
		case <-endAt:
			window.end()
			isEnded = true
		}
	}
	if !isEnded {
		window.end()
	}
	seconds := duration.Seconds()
	if !isBounded {
		seconds = time.Since(startedAt).Seconds()
	}
	total := newTally(warmUp, duration, !isBounded)
	for _, w := range workers {
		total.add(w.result())
	}
	return total.summarize(mode, seconds, &window), nil
}
