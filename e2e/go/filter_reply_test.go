package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

func TestOnlyWhatTheSQLExpressionSaysArrives(t *testing.T) {
	t.Parallel()
	topic := unique("sql")
	p := newProducer(t)
	var wanted []sentMessage
	for n := 0; n < 30; n++ {
		message := primitive.NewMessage(topic, []byte(fmt.Sprintf("number %d", n)))
		message.WithProperty("n", fmt.Sprint(n))
		if n%2 == 0 {
			message.WithProperty("colour", "red")
		}
		result, err := p.SendSync(context.Background(), message)
		must(t, err)
		if n > 20 && n%2 == 0 || n < 3 {
			wanted = append(wanted, sentAs(t, result, message)...)
		}
	}
	var b inbox
	c := newPushConsumer(t, unique("sql"))
	selector := consumer.MessageSelector{
		Type:       consumer.SQL92,
		Expression: "n > 20 AND colour = 'red' OR n BETWEEN 0 AND 2",
	}
	must(t, c.Subscribe(topic, selector, b.listen))
	must(t, c.Start())
	b.awaitExactly(t, wanted)
}

func TestARequestGetsItsReply(t *testing.T) {
	t.Parallel()
	topic := unique("rpc")
	replier := newProducer(t)
	_, err := replier.SendSync(context.Background(), primitive.NewMessage(topic, []byte("makes the topic")))
	must(t, err)
	c := newPushConsumer(t, unique("rpc"))
	answer := func(ctx context.Context, batch ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		for _, question := range batch {
			if question.GetProperty(primitive.PropertyCorrelationID) == "" {
				continue
			}
			// The body that it takes becomes properties: the client's mistake.
			reply, err := consumer.CreateReplyMessage(question, nil)
			if err == nil {
				reply.Body = []byte("answer to " + string(question.Body))
				_, err = replier.SendSync(ctx, reply)
			}
			if err != nil {
				t.Log(err)
			}
		}
		return consumer.ConsumeSuccess, nil
	}
	must(t, c.Subscribe(topic, consumer.MessageSelector{}, answer))
	must(t, c.Start())
	p := newProducer(t)
	_, err = p.SendSync(context.Background(), primitive.NewMessage(topic, []byte("makes the route known")))
	must(t, err)
	for i := 0; i < 10; i++ {
		question := fmt.Sprintf("question %d", i)
		// The broker knows where replies go from the client's first heartbeat on, which this client may send late.
		eventually(t, func() string {
			reply, err := p.Request(context.Background(), 5*time.Second, primitive.NewMessage(topic, []byte(question)))
			if err != nil {
				return err.Error()
			}
			if want := "answer to " + question; string(reply.Body) != want {
				t.Fatalf("reply is %q, want %q", reply.Body, want)
			}
			return ""
		})
	}
}
