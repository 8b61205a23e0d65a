package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// decider is the producer's side of its transactions: what a body says decides.
type decider struct {
	mutex  sync.Mutex
	checks map[string]int
}

func (d *decider) ExecuteLocalTransaction(message *primitive.Message) primitive.LocalTransactionState {
	switch {
	case strings.HasPrefix(string(message.Body), "commit"):
		return primitive.CommitMessageState
	case strings.HasPrefix(string(message.Body), "rollback"):
		return primitive.RollbackMessageState
	default:
		return primitive.UnknowState
	}
}

func (d *decider) CheckLocalTransaction(message *primitive.MessageExt) primitive.LocalTransactionState {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	body := string(message.Body)
	d.checks[body]++
	if strings.HasSuffix(body, "rollback") {
		return primitive.RollbackMessageState
	}
	return primitive.CommitMessageState
}

func (d *decider) checked() map[string]int {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	copied := map[string]int{}
	for body, count := range d.checks {
		copied[body] = count
	}
	return copied
}

func newTransactionProducer(t *testing.T, d *decider) rocketmq.TransactionProducer {
	t.Helper()
	name := unique("tp")
	p, err := rocketmq.NewTransactionProducer(d,
		producer.WithNameServer(addresses()),
		producer.WithGroupName(name),
		producer.WithInstanceName(name),
		producer.WithRetry(2),
	)
	must(t, err)
	must(t, p.Start())
	t.Cleanup(func() { _ = p.Shutdown() })
	return p
}

func TestTransactionsAreDecidedByTheirProducer(t *testing.T) {
	t.Parallel()
	topic := unique("transaction")
	d := &decider{checks: map[string]int{}}
	p := newTransactionProducer(t, d)
	var mutex sync.Mutex
	seen := map[string]int{}
	// The topic is made by the first committed message; a consumer needs its route.
	bodies := []string{}
	for i := 0; i < 10; i++ {
		bodies = append(bodies,
			fmt.Sprintf("commit %d", i),
			fmt.Sprintf("rollback %d", i),
			fmt.Sprintf("ask %d commit", i),
			fmt.Sprintf("ask %d rollback", i))
	}
	for _, body := range bodies {
		message := primitive.NewMessage(topic, []byte(body))
		message.WithProperty("body", body)
		result, err := p.SendMessageInTransaction(context.Background(), message)
		must(t, err)
		if result.Status != primitive.SendOK {
			t.Fatalf("%s: status %d", body, result.Status)
		}
	}
	c := newPushConsumer(t, unique("transaction"))
	must(t, c.Subscribe(topic, consumer.MessageSelector{}, func(
		_ context.Context, batch ...*primitive.MessageExt,
	) (consumer.ConsumeResult, error) {
		mutex.Lock()
		defer mutex.Unlock()
		for _, message := range batch {
			seen[string(message.Body)]++
			if message.GetProperty("body") != string(message.Body) {
				t.Errorf("%s came with the property %q", message.Body, message.GetProperty("body"))
			}
		}
		return consumer.ConsumeSuccess, nil
	}))
	must(t, c.Start())
	eventually(t, func() string {
		mutex.Lock()
		defer mutex.Unlock()
		if len(seen) < 20 || len(d.checked()) < 20 {
			return fmt.Sprintf("%d messages, %d checks", len(seen), len(d.checked()))
		}
		return ""
	})
	time.Sleep(2 * time.Second)
	mutex.Lock()
	defer mutex.Unlock()
	for _, body := range bodies {
		want := 1
		if strings.Contains(body, "rollback") {
			want = 0
		}
		if seen[body] != want {
			t.Errorf("%q was delivered %d times, want %d", body, seen[body], want)
		}
	}
	for body := range d.checked() {
		if !strings.HasPrefix(body, "ask") {
			t.Errorf("%q was decided, and still asked about", body)
		}
	}
}
