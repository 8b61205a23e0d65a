package e2e

import (
	"bytes"
	"context"
	"fmt"
	"math/rand"
	"strings"
	"sync"
	"testing"

	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

func TestSyncSendsAreDeliveredByPush(t *testing.T) {
	t.Parallel()
	topic := unique("sync")
	sent := sendAll(t, newProducer(t), topic, 60)
	queues := map[int]bool{}
	for _, one := range sent {
		queues[one.queueID] = true
	}
	if len(queues) != 4 {
		t.Errorf("messages are in %d queues instead of 4", len(queues))
	}
	var b inbox
	consume(t, unique("sync"), topic, "*", &b)
	b.awaitExactly(t, sent)
}

func TestAsyncSendsCallBackWithTheirPlaces(t *testing.T) {
	t.Parallel()
	topic := unique("async")
	p := newProducer(t)
	sent := sendAll(t, p, topic, 1)
	var mutex sync.Mutex
	var answered sync.WaitGroup
	for i := 1; i < 100; i++ {
		message := richMessage(topic, i)
		answered.Add(1)
		onAnswer := func(_ context.Context, result *primitive.SendResult, err error) {
			defer answered.Done()
			if err != nil {
				t.Errorf("message failed: %v", err)
				return
			}
			mutex.Lock()
			defer mutex.Unlock()
			sent = append(sent, sentAs(t, result, message)...)
		}
		must(t, p.SendAsync(context.Background(), onAnswer, message))
	}
	answered.Wait()
	var b inbox
	consume(t, unique("async"), topic, "*", &b)
	b.awaitExactly(t, sent)
}

func TestOneWaySendsArrive(t *testing.T) {
	t.Parallel()
	topic := unique("oneway")
	p := newProducer(t)
	// The client looks up no route for a one-way send to a topic it does not know yet.
	first := sendAll(t, p, topic, 1)
	byID := map[string]sentMessage{first[0].msgID: first[0]}
	for i := 1; i < 50; i++ {
		message := richMessage(topic, i)
		must(t, p.SendOneWay(context.Background(), message))
		id := message.GetProperty(primitive.PropertyUniqueClientMessageIdKeyIndex)
		byID[id] = sentMessage{message: message, properties: userProperties(message), msgID: id}
	}
	var b inbox
	consume(t, unique("oneway"), topic, "*", &b)
	eventually(t, func() string {
		if len(b.all()) == 50 {
			return ""
		}
		return fmt.Sprintf("%d of 50 messages", len(b.all()))
	})
	for _, found := range b.all() {
		one, known := byID[found.MsgId]
		if !known {
			t.Fatalf("%s was never sent or arrived twice", found.MsgId)
		}
		checkContent(t, one, found)
		delete(byID, found.MsgId)
	}
}

func TestABatchBecomesNeighboursInOneQueue(t *testing.T) {
	t.Parallel()
	topic := unique("batch")
	p := newProducer(t)
	var sent []sentMessage
	for round := 0; round < 4; round++ {
		var batch []*primitive.Message
		for i := 0; i < 15; i++ {
			batch = append(batch, richMessage(topic, round*15+i))
		}
		result, err := p.SendSync(context.Background(), batch...)
		must(t, err)
		sent = append(sent, sentAs(t, result, batch...)...)
	}
	var b inbox
	consume(t, unique("batch"), topic, "*", &b)
	b.awaitExactly(t, sent)
}

func TestAShardingKeyKeepsMessagesInOneQueue(t *testing.T) {
	t.Parallel()
	topic := unique("sharding")
	p := newProducer(t, producer.WithQueueSelector(producer.NewHashQueueSelector()))
	var sent []sentMessage
	queueOf := map[string]int{}
	for i := 0; i < 30; i++ {
		key := fmt.Sprintf("order-%d", i%5)
		message := richMessage(topic, i)
		message.WithShardingKey(key)
		result, err := p.SendSync(context.Background(), message)
		must(t, err)
		one := sentAs(t, result, message)[0]
		if queue, seen := queueOf[key]; seen && queue != one.queueID {
			t.Errorf("%s went to queue %d and %d", key, queue, one.queueID)
		}
		queueOf[key] = one.queueID
		sent = append(sent, one)
	}
	var b inbox
	consume(t, unique("sharding"), topic, "*", &b)
	b.awaitExactly(t, sent)
}

func TestACompressedBodyIsStoredSmallAndArrivesWhole(t *testing.T) {
	t.Parallel()
	topic := unique("compressed")
	body := bytes.Repeat([]byte("compress me, 压缩我 "), 5_000)
	message := primitive.NewMessage(topic, body)
	result, err := newProducer(t).SendSync(context.Background(), message)
	must(t, err)
	// The body kept by the message is compared, so keep it as it was written.
	message.Body = body
	var b inbox
	consume(t, unique("compressed"), topic, "*", &b)
	b.awaitExactly(t, sentAs(t, result, message))
	if size := b.all()[0].StoreSize; int(size) > len(body)/10 {
		t.Errorf("stored %d of %d bytes", size, len(body))
	}
}

func TestALargeBodyArrivesWhole(t *testing.T) {
	t.Parallel()
	topic := unique("large")
	body := make([]byte, 3_900_000)
	rand.New(rand.NewSource(1)).Read(body)
	message := primitive.NewMessage(topic, body)
	result, err := newProducer(t).SendSync(context.Background(), message)
	must(t, err)
	var b inbox
	consume(t, unique("large"), topic, "*", &b)
	b.awaitExactly(t, sentAs(t, result, message))
}

func TestABodyOverFourMebibytesIsRefused(t *testing.T) {
	t.Parallel()
	body := make([]byte, 4*1024*1024+1)
	rand.New(rand.NewSource(2)).Read(body)
	p := newProducer(t, producer.WithCompressMsgBodyOverHowmuch(16*1024*1024))
	topic := unique("toolarge")
	_, err := p.SendSync(context.Background(), primitive.NewMessage(topic, body))
	if err == nil || !strings.Contains(err.Error(), "CODE: 13") {
		t.Fatalf("want the broker's code 13, got %v", err)
	}
	// The refusal must harm neither the connection nor the topic.
	sent := sendAll(t, p, topic, 3)
	var b inbox
	consume(t, unique("toolarge"), topic, "*", &b)
	b.awaitExactly(t, sent)
}
