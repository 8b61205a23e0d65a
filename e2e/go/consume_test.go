package e2e

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/admin"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

func TestOnlyTheTagsOfTheExpressionArrive(t *testing.T) {
	t.Parallel()
	topic := unique("tags")
	sent := sendAll(t, newProducer(t), topic, 60)
	var wanted []sentMessage
	for _, one := range sent {
		if tag := one.message.GetTags(); tag == "TagA" || tag == "TagC" {
			wanted = append(wanted, one)
		}
	}
	var b inbox
	consume(t, unique("tags"), topic, "TagA || TagC", &b)
	b.awaitExactly(t, wanted)
}

func TestNewMessagesReachARunningConsumer(t *testing.T) {
	t.Parallel()
	topic := unique("running")
	p := newProducer(t)
	sent := sendAll(t, p, topic, 8)
	var b inbox
	consume(t, unique("running"), topic, "*", &b)
	b.awaitExactly(t, sent)
	for round := 0; round < 3; round++ {
		time.Sleep(500 * time.Millisecond)
		for i := 0; i < 8; i++ {
			message := richMessage(topic, 100+round*8+i)
			result, err := p.SendSync(context.Background(), message)
			must(t, err)
			sent = append(sent, sentAs(t, result, message)...)
		}
	}
	b.awaitExactly(t, sent)
}

func TestARefusedMessageComesAgainAndIsCounted(t *testing.T) {
	t.Parallel()
	topic := unique("retry")
	group := unique("retry")
	p := newProducer(t)
	createRetryTopic(t, p, group)
	sent := sendAll(t, p, topic, 6)
	var mutex sync.Mutex
	tries := map[string][]*primitive.MessageExt{}
	c := newPushConsumer(t, group)
	must(t, c.Subscribe(topic, consumer.MessageSelector{}, func(
		ctx context.Context, batch ...*primitive.MessageExt,
	) (consumer.ConsumeResult, error) {
		mutex.Lock()
		defer mutex.Unlock()
		message := batch[0]
		tries[message.MsgId] = append(tries[message.MsgId], message)
		if len(tries[message.MsgId]) > 1 {
			return consumer.ConsumeSuccess, nil
		}
		if concurrent, ok := primitive.GetConcurrentlyCtx(ctx); ok {
			concurrent.DelayLevelWhenNextConsume = 1
		}
		return consumer.ConsumeRetryLater, nil
	}))
	must(t, c.Start())
	eventually(t, func() string {
		mutex.Lock()
		defer mutex.Unlock()
		for _, one := range sent {
			if len(tries[one.msgID]) < 2 {
				return fmt.Sprintf("%s was tried %d times", one.msgID, len(tries[one.msgID]))
			}
		}
		return ""
	})
	time.Sleep(1_500 * time.Millisecond)
	mutex.Lock()
	defer mutex.Unlock()
	for _, one := range sent {
		own := tries[one.msgID]
		if len(own) != 2 {
			t.Fatalf("%s was tried %d times", one.msgID, len(own))
		}
		checkDelivered(t, one, own[0])
		checkContent(t, one, own[1])
		if own[1].ReconsumeTimes != 1 {
			t.Errorf("reconsume times %d at the second try", own[1].ReconsumeTimes)
		}
	}
}

// createRetryTopic lets a first member come and go. The broker makes a group's retry topic at its
// first heartbeat; the member that caused it would see its queues only after up to 50 s.
func createRetryTopic(t *testing.T, p rocketmq.Producer, group string) {
	t.Helper()
	topic := unique("pioneer")
	sent := sendAll(t, p, topic, 1)
	var b inbox
	pioneer := consume(t, group, topic, "*", &b)
	b.awaitExactly(t, sent)
	questions, err := admin.NewAdmin(admin.WithResolver(primitive.NewPassthroughResolver(addresses())))
	must(t, err)
	eventually(t, func() string {
		if queues, err := questions.FetchPublishMessageQueues(context.Background(), "%RETRY%"+group); len(queues) == 0 {
			return fmt.Sprintf("no retry topic: %v", err)
		}
		return ""
	})
	must(t, pioneer.Shutdown())
	must(t, questions.Close())
}

func TestTwoMembersShareTheQueues(t *testing.T) {
	t.Parallel()
	topic := unique("members")
	group := unique("members")
	p := newProducer(t)
	warmUp := sendAll(t, p, topic, 4)
	var one, two inbox
	consume(t, group, topic, "*", &one)
	one.awaitExactly(t, warmUp)
	consume(t, group, topic, "*", &two)
	// Both get some as soon as the queues are shared; what comes before that, the first gets alone.
	var sent []sentMessage
	eventually(t, func() string {
		sent = append(sent, sendAll(t, p, topic, 8)...)
		time.Sleep(200 * time.Millisecond)
		if len(two.all()) > 0 {
			return ""
		}
		return "the second member got nothing"
	})
	sent = append(sent, sendAll(t, p, topic, 40)...)
	// A queue that changes hands may bring its last messages to both.
	var once []*primitive.MessageExt
	eventually(t, func() string {
		once = nil
		seen := map[string]bool{}
		for _, message := range append(one.all(), two.all()...) {
			if !seen[message.OffsetMsgId] {
				seen[message.OffsetMsgId] = true
				once = append(once, message)
			}
		}
		if want := len(warmUp) + len(sent); len(once) < want {
			return fmt.Sprintf("%d of %d messages", len(once), want)
		}
		return ""
	})
	checkExactly(t, append(warmUp, sent...), once)
}

func TestARestartedConsumerGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	topic := unique("resume")
	group := unique("resume")
	p := newProducer(t)
	before := sendAll(t, p, topic, 20)
	var first, second inbox
	c := consume(t, group, topic, "*", &first)
	first.awaitExactly(t, before)
	must(t, c.Shutdown())
	after := sendAll(t, p, topic, 12)
	consume(t, group, topic, "*", &second)
	second.awaitExactly(t, after)
}

func TestBroadcastingGivesEveryMemberEverything(t *testing.T) {
	t.Parallel()
	topic := unique("broadcast")
	group := unique("broadcast")
	sent := sendAll(t, newProducer(t), topic, 20)
	var one, two inbox
	consume(t, group, topic, "*", &one, consumer.WithConsumerModel(consumer.BroadCasting))
	consume(t, group, topic, "*", &two, consumer.WithConsumerModel(consumer.BroadCasting))
	one.awaitExactly(t, sent)
	two.awaitExactly(t, sent)
}

func TestOrderedConsumptionKeepsTheOrderOfAQueue(t *testing.T) {
	t.Parallel()
	topic := unique("order")
	sent := sendAll(t, newProducer(t), topic, 80)
	var b inbox
	consume(t, unique("order"), topic, "*", &b, consumer.WithConsumerOrder(true))
	b.awaitExactly(t, sent)
	next := map[int]int64{}
	for _, message := range b.all() {
		if message.QueueOffset != next[message.Queue.QueueId] {
			t.Fatalf("queue %d: offset %d where %d was due",
				message.Queue.QueueId, message.QueueOffset, next[message.Queue.QueueId])
		}
		next[message.Queue.QueueId]++
	}
}
