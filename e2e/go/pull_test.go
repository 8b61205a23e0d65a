package e2e

import (
	"context"
	"testing"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

func newPullConsumer(t *testing.T, topic, expression string) rocketmq.PullConsumer {
	t.Helper()
	c, err := rocketmq.NewPullConsumer(
		consumer.WithNameServer(addresses()),
		consumer.WithGroupName(unique("pull")),
		consumer.WithInstance(unique("pull")),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset),
	)
	must(t, err)
	selector := consumer.MessageSelector{Type: consumer.TAG, Expression: expression}
	must(t, c.Subscribe(topic, selector))
	must(t, c.Start())
	t.Cleanup(func() { _ = c.Shutdown() })
	return c
}

func TestPullFromReadsAQueueFromAnyOffset(t *testing.T) {
	t.Parallel()
	topic := unique("pullfrom")
	sent := sendAll(t, newProducer(t, producer.WithQueueSelector(&inTurn{})), topic, 40)
	c := newPullConsumer(t, topic, "*")
	var wanted []sentMessage
	for _, one := range sent {
		if one.queueOffset >= 4 {
			wanted = append(wanted, one)
		}
	}
	brokerName := broker(t, topic)
	var found []*primitive.MessageExt
	for queueID := 0; queueID < 4; queueID++ {
		queue := &primitive.MessageQueue{Topic: topic, BrokerName: brokerName, QueueId: queueID}
		var result *primitive.PullResult
		eventually(t, func() string {
			var err error
			result, err = c.PullFrom(context.Background(), queue, 4, 32)
			must(t, err)
			// A broker may show a message a moment after it has acknowledged it.
			if result.MaxOffset < 10 {
				return "messages are not seen yet"
			}
			return ""
		})
		if result.Status != primitive.PullFound || result.NextBeginOffset != 10 {
			t.Fatalf("queue %d: status %d, next %d", queueID, result.Status, result.NextBeginOffset)
		}
		if result.MinOffset != 0 || result.MaxOffset != 10 {
			t.Errorf("queue %d: %d to %d", queueID, result.MinOffset, result.MaxOffset)
		}
		found = append(found, result.GetMessageExts()...)
	}
	checkExactly(t, wanted, found)
}

func TestPollDeliversTheSubscribedTags(t *testing.T) {
	t.Parallel()
	topic := unique("poll")
	sent := sendAll(t, newProducer(t), topic, 30)
	c := newPullConsumer(t, topic, "TagB")
	var wanted []sentMessage
	for _, one := range sent {
		if one.message.GetTags() == "TagB" {
			wanted = append(wanted, one)
		}
	}
	var found []*primitive.MessageExt
	eventually(t, func() string {
		request, err := c.Poll(context.Background(), time.Second)
		if err == nil {
			found = append(found, request.GetMsgList()...)
			c.ACK(context.Background(), request, consumer.ConsumeSuccess)
		}
		if len(found) < len(wanted) {
			return "messages are missing"
		}
		return ""
	})
	checkExactly(t, wanted, found)
}

// inTurn deals messages out to the queues, so that the test knows what each one holds.
type inTurn struct{ count int }

func (s *inTurn) Select(_ *primitive.Message, queues []*primitive.MessageQueue, _ string) *primitive.MessageQueue {
	s.count++
	return queues[s.count%len(queues)]
}

// broker finds the name of the broker that a topic's queues are on.
func broker(t *testing.T, topic string) string {
	t.Helper()
	result, err := newProducer(t).SendSync(context.Background(), richMessage(unique("where"), 0))
	must(t, err)
	return result.MessageQueue.BrokerName
}
