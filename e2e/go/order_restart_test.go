package e2e

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/admin"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

const orderKeys = 8

// A restart, a member that joins, one that leaves.
const orderDisturbances = 3

func TestOrderHoldsOverStopsOfTheBroker(t *testing.T) {
	t.Parallel()
	disturbOrder(t, "stop")
}

func TestOrderHoldsOverCrashesOfTheBroker(t *testing.T) {
	t.Parallel()
	disturbOrder(t, "kill")
}

// lockLife is how long the broker keeps a lock that is not renewed; members renew every 3 s. This
// client never unlocks a queue that it has to give away: a second member gets it only when the lock
// has run out, with the default after 60 s.
const lockLife = 12 * time.Second

// disturbOrder restarts the broker under one member; a second one joins at once, when a broker that
// forgot its locks would give it queues that the first one consumes. Later the first one leaves.
func disturbOrder(t *testing.T, end string) {
	cluster := newOwnCluster(t, fmt.Sprintf("rocketmq.broker.rebalance.lockMaxLiveTime=%d", lockLife.Milliseconds()))
	topic, group := unique("order-restart"), unique("order-restart")
	createTopic(t, cluster, topic)
	sends := startKeyedSends(t, cluster, topic)
	log := &orderLog{queues: map[int]*queueLog{}, byMember: map[string]int{}}
	first := log.consume(t, cluster, group, topic, "first")
	log.awaitMore(t, "first", 300)

	cluster.restart(t, end)
	log.consume(t, cluster, group, topic, "second")
	joined := time.Now()
	log.awaitMore(t, "first", 200)
	// It is told that the first one left and looks for queues then, or not again for up to 20 s.
	time.Sleep(time.Until(joined.Add(lockLife + time.Second)))
	must(t, first.Shutdown())
	log.awaitMore(t, "second", 200)
	log.check(t, sends.end())
}

func createTopic(t *testing.T, cluster *ownCluster, topic string) {
	t.Helper()
	resolver := primitive.NewPassthroughResolver([]string{cluster.namesrv})
	a, err := admin.NewAdmin(admin.WithResolver(resolver))
	must(t, err)
	defer func() { _ = a.Close() }()
	must(t, a.CreateTopic(context.Background(), admin.WithTopicCreate(topic),
		admin.WithBrokerAddrCreate(cluster.broker), admin.WithReadQueueNums(4), admin.WithWriteQueueNums(4)))
}

// keyedSends sends numbered messages of several keys, each key to one queue. A number is sent until
// it is acknowledged, and only then the next of its key.
type keyedSends struct {
	acknowledged [orderKeys]int
	ending, done chan struct{}
}

func startKeyedSends(t *testing.T, cluster *ownCluster, topic string) *keyedSends {
	t.Helper()
	s := &keyedSends{ending: make(chan struct{}), done: make(chan struct{})}
	p := newProducer(t, producer.WithNameServer([]string{cluster.namesrv}),
		producer.WithQueueSelector(producer.NewHashQueueSelector()),
		producer.WithSendMsgTimeout(2*time.Second))
	go func() {
		defer close(s.done)
		for key := 0; ; key = (key + 1) % orderKeys {
			number := s.acknowledged[key]
			message := primitive.NewMessage(topic, []byte(fmt.Sprintf("number %d", number)))
			message.WithShardingKey(fmt.Sprintf("key %d", key))
			message.WithProperty("key", strconv.Itoa(key))
			message.WithProperty("number", strconv.Itoa(number))
			result, err := p.SendSync(context.Background(), message)
			if err == nil && result.Status == primitive.SendOK {
				s.acknowledged[key]++
			} else {
				// Once more for the same key.
				key = (key + orderKeys - 1) % orderKeys
				time.Sleep(50 * time.Millisecond)
			}
			select {
			case <-s.ending:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	return s
}

// end gives how many numbers of each key were acknowledged.
func (s *keyedSends) end() [orderKeys]int {
	close(s.ending)
	<-s.done
	return s.acknowledged
}

type orderDelivery struct {
	member      string
	queueOffset int64
	key, number int
}

type queueLog struct {
	deliveries []orderDelivery
	inside     int
}

// orderLog is what all members of a group were given, in the order in which they were given it.
//
// Order of a queue means: the next delivery, to whichever member, is the message after the last one,
// or one that was delivered before; after a step back nothing is left out either. A tail is delivered
// again at most once for each disturbance, and no two messages of a queue are in the hands of
// listeners at the same time.
type orderLog struct {
	mutex    sync.Mutex
	queues   map[int]*queueLog
	byMember map[string]int
	met      []string
}

func (l *orderLog) consume(t *testing.T, cluster *ownCluster, group, topic, member string) rocketmq.PushConsumer {
	t.Helper()
	c := newPushConsumer(t, group, consumer.WithNameServer([]string{cluster.namesrv}),
		consumer.WithConsumerOrder(true),
		// Default 20 s: so long it leaves a queue alone that it was given.
		consumer.WithRebalanceLockInterval(3*time.Second))
	must(t, c.Subscribe(topic, consumer.MessageSelector{}, func(
		_ context.Context, batch ...*primitive.MessageExt,
	) (consumer.ConsumeResult, error) {
		queue := l.enter(member, batch)
		time.Sleep(2 * time.Millisecond)
		l.mutex.Lock()
		defer l.mutex.Unlock()
		queue.inside--
		return consumer.ConsumeSuccess, nil
	}))
	must(t, c.Start())
	return c
}

func (l *orderLog) enter(member string, batch []*primitive.MessageExt) *queueLog {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	id := batch[0].Queue.QueueId
	queue := l.queues[id]
	if queue == nil {
		queue = &queueLog{}
		l.queues[id] = queue
	}
	if queue.inside++; queue.inside > 1 {
		l.met = append(l.met, fmt.Sprintf("%s entered queue %d while another was in it", member, id))
	}
	for _, message := range batch {
		key, _ := strconv.Atoi(message.GetProperty("key"))
		number, _ := strconv.Atoi(message.GetProperty("number"))
		queue.deliveries = append(queue.deliveries, orderDelivery{member, message.QueueOffset, key, number})
	}
	l.byMember[member] += len(batch)
	return queue
}

func (l *orderLog) awaitMore(t *testing.T, member string, count int) {
	t.Helper()
	l.mutex.Lock()
	wanted := l.byMember[member] + count
	l.mutex.Unlock()
	eventually(t, func() string {
		l.mutex.Lock()
		defer l.mutex.Unlock()
		if have := l.byMember[member]; have < wanted {
			return fmt.Sprintf("%s has %d of %d", member, have, wanted)
		}
		return ""
	})
}

// check waits until everything that was acknowledged has been delivered, and checks the order.
func (l *orderLog) check(t *testing.T, acknowledged [orderKeys]int) {
	t.Helper()
	eventually(t, func() string { return l.missing(acknowledged) })
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for i := 0; i < len(l.met) && i < 4; i++ {
		t.Errorf("%s (%d times in all)", l.met[i], len(l.met))
	}
	for id, queue := range l.queues {
		checkQueueOrder(t, id, queue.deliveries)
	}
}

func (l *orderLog) missing(acknowledged [orderKeys]int) string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	var next [orderKeys]int
	for _, queue := range l.queues {
		for _, d := range queue.deliveries {
			if d.number == next[d.key] {
				next[d.key]++
			}
		}
	}
	for key, wanted := range acknowledged {
		if next[key] < wanted {
			return fmt.Sprintf("key %d: %d of %d", key, next[key], wanted)
		}
	}
	return ""
}

func checkQueueOrder(t *testing.T, id int, deliveries []orderDelivery) {
	t.Helper()
	stepsBack := 0
	due := int64(0)
	last := map[int]int{}
	for i, d := range deliveries {
		around := deliveries[max(0, i-5):min(len(deliveries), i+5)]
		if d.queueOffset > due {
			t.Fatalf("queue %d: %d where %d was due: %v", id, d.queueOffset, due, around)
		}
		if d.queueOffset < due {
			stepsBack++
		}
		before, known := last[d.key]
		if !known {
			before = -1
		}
		// A number that was sent again because its acknowledgement was lost comes twice in a row.
		inTurn := d.number == before || d.number == before+1
		if !inTurn && (stepsBack == 0 || d.number > before) {
			t.Fatalf("queue %d, key %d: number %d after %d: %v", id, d.key, d.number, before, around)
		}
		last[d.key] = d.number
		due = d.queueOffset + 1
	}
	if stepsBack > orderDisturbances {
		t.Errorf("queue %d: %d tails again", id, stepsBack)
	}
}
