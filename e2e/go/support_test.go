// Package e2e proves the broker with the official Go client, unmodified.
//
// NAMESRV says where the nameserver is; everything else about the cluster the client finds out.
package e2e

import (
	"bytes"
	"context"
	"fmt"
	"math/rand"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
	"github.com/apache/rocketmq-client-go/v2/rlog"
)

// patience is the limit for a loaded machine, never the usual duration.
const patience = 60 * time.Second

var (
	namesrv = os.Getenv("NAMESRV")
	suffix  = strconv.FormatInt(time.Now().UnixMilli(), 36)
	counter atomic.Int64
)

func TestMain(m *testing.M) {
	if namesrv == "" {
		namesrv = "127.0.0.1:9876"
	}
	rlog.SetLogLevel("fatal")
	os.Exit(m.Run())
}

// unique gives a name nobody used before on this cluster.
func unique(what string) string {
	return fmt.Sprintf("e2e-go-%s-%s-%d", what, suffix, counter.Add(1))
}

// newProducer starts a producer that ends with the test.
func newProducer(t *testing.T, options ...producer.Option) rocketmq.Producer {
	t.Helper()
	name := unique("p")
	options = append([]producer.Option{
		producer.WithNameServer(addresses()),
		producer.WithGroupName(name),
		// Clients of one process with one name would share their connections and groups.
		producer.WithInstanceName(name),
		producer.WithRetry(2),
	}, options...)
	p, err := rocketmq.NewProducer(options...)
	must(t, err)
	must(t, p.Start())
	t.Cleanup(func() { _ = p.Shutdown() })
	return p
}

// newPushConsumer makes a consumer, still to be subscribed and started, that ends with the test.
func newPushConsumer(t *testing.T, group string, options ...consumer.Option) rocketmq.PushConsumer {
	t.Helper()
	options = append([]consumer.Option{
		consumer.WithNameServer(addresses()),
		consumer.WithGroupName(group),
		consumer.WithInstance(unique("c")),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset),
	}, options...)
	c, err := rocketmq.NewPushConsumer(options...)
	must(t, err)
	t.Cleanup(func() { _ = c.Shutdown() })
	return c
}

func addresses() primitive.NamesrvAddr {
	return primitive.NamesrvAddr(strings.Split(namesrv, ";"))
}

// richMessage is message i of a topic: binary body, several keys, a tag, unicode properties. Equal
// arguments give equal messages.
func richMessage(topic string, i int) *primitive.Message {
	noise := make([]byte, 1+(i*37)%300)
	rand.New(rand.NewSource(int64(i))).Read(noise)
	body := append([]byte(fmt.Sprintf("Grüße, 消息 🚀 %s %d", topic, i)), noise...)
	message := primitive.NewMessage(topic, body)
	message.WithTag("Tag" + string(rune('A'+i%3)))
	message.WithKeys([]string{fmt.Sprintf("key-%s-%d", topic, i), fmt.Sprintf("second-%d", i)})
	message.WithProperty("index", strconv.Itoa(i))
	message.WithProperty("city", "Zürich 東京 🚀")
	message.WithProperty("spaces and = : ; \" \\", " {\"json\": [1, 2]} ")
	message.Flag = int32(i * 31)
	return message
}

// sentMessage is what was handed over, and where the broker said it put it.
type sentMessage struct {
	message     *primitive.Message
	properties  map[string]string
	msgID       string
	offsetMsgID string
	queueID     int
	queueOffset int64
}

// sentAs pairs messages with their answer; of a batch the offsets count up from the first.
func sentAs(t *testing.T, result *primitive.SendResult, messages ...*primitive.Message) []sentMessage {
	t.Helper()
	if result.Status != primitive.SendOK {
		t.Fatalf("send status %d", result.Status)
	}
	offsetMsgIDs := strings.Split(result.OffsetMsgID, ",")
	if len(offsetMsgIDs) != len(messages) {
		t.Fatalf("%d offset ids for %d messages", len(offsetMsgIDs), len(messages))
	}
	sent := make([]sentMessage, len(messages))
	for i, message := range messages {
		sent[i] = sentMessage{
			message:     message,
			properties:  userProperties(message),
			msgID:       message.GetProperty(primitive.PropertyUniqueClientMessageIdKeyIndex),
			offsetMsgID: offsetMsgIDs[i],
			queueID:     result.MessageQueue.QueueId,
			queueOffset: result.QueueOffset + int64(i),
		}
	}
	return sent
}

// sendAll sends messages 0 to count-1 of a topic, one after another.
func sendAll(t *testing.T, p rocketmq.Producer, topic string, count int) []sentMessage {
	t.Helper()
	var sent []sentMessage
	for i := 0; i < count; i++ {
		message := richMessage(topic, i)
		result, err := p.SendSync(context.Background(), message)
		must(t, err)
		sent = append(sent, sentAs(t, result, message)...)
	}
	return sent
}

// clientProperties are set by the client itself, on sending or on receiving.
var clientProperties = map[string]bool{
	primitive.PropertyUniqueClientMessageIdKeyIndex: true,
	primitive.PropertyMinOffset:                     true,
	primitive.PropertyMaxOffset:                     true,
	primitive.PropertyConsumeStartTime:              true,
	primitive.PropertyCluster:                       true,
	primitive.PropertyMsgRegion:                     true,
	primitive.PropertyTraceSwitch:                   true,
	primitive.PropertyWaitStoreMsgOk:                true,
}

// retryProperties are added on the way through a retry topic.
var retryProperties = map[string]bool{
	primitive.PropertyRetryTopic:        true,
	primitive.PropertyOriginMessageId:   true,
	primitive.PropertyReconsumeTime:     true,
	primitive.PropertyMaxReconsumeTimes: true,
	primitive.PropertyDelayTimeLevel:    true,
	primitive.PropertyRealTopic:         true,
	primitive.PropertyRealQueueId:       true,
}

func userProperties(message *primitive.Message) map[string]string {
	properties := map[string]string{}
	for name, value := range message.GetProperties() {
		if !clientProperties[name] && !retryProperties[name] {
			properties[name] = value
		}
	}
	return properties
}

// checkContent compares what the user wrote: body, flag, keys, tags and every property.
func checkContent(t *testing.T, sent sentMessage, found *primitive.MessageExt) {
	t.Helper()
	if !bytes.Equal(sent.message.Body, found.Body) {
		t.Errorf("%s: body differs, %d and %d bytes", sent.msgID, len(sent.message.Body), len(found.Body))
	}
	if sent.message.Flag != found.Flag {
		t.Errorf("%s: flag %d instead of %d", sent.msgID, found.Flag, sent.message.Flag)
	}
	if sent.message.GetKeys() != found.GetKeys() || sent.message.GetTags() != found.GetTags() {
		t.Errorf("%s: keys %q, tags %q", sent.msgID, found.GetKeys(), found.GetTags())
	}
	if got := userProperties(&found.Message); fmt.Sprint(got) != fmt.Sprint(sent.properties) {
		t.Errorf("%s: properties %v instead of %v", sent.msgID, got, sent.properties)
	}
}

// checkDelivered compares content, ids and place of a first delivery.
func checkDelivered(t *testing.T, sent sentMessage, found *primitive.MessageExt) {
	t.Helper()
	checkContent(t, sent, found)
	// The client gives the members of a batch no unique id; they are known by their place.
	if sent.msgID != "" && sent.msgID != found.MsgId {
		t.Errorf("unique id %s instead of %s", found.MsgId, sent.msgID)
	}
	if sent.offsetMsgID != found.OffsetMsgId {
		t.Errorf("%s: offset id %s instead of %s", sent.msgID, found.OffsetMsgId, sent.offsetMsgID)
	}
	if sent.queueID != found.Queue.QueueId || sent.queueOffset != found.QueueOffset {
		t.Errorf("%s: at %d/%d instead of %d/%d", sent.msgID,
			found.Queue.QueueId, found.QueueOffset, sent.queueID, sent.queueOffset)
	}
	if found.ReconsumeTimes != 0 {
		t.Errorf("%s: reconsume times %d", sent.msgID, found.ReconsumeTimes)
	}
	if _, _, err := net.SplitHostPort(found.StoreHost); err != nil {
		t.Errorf("%s: store host %q", sent.msgID, found.StoreHost)
	}
}

// checkExactly wants every sent message once and nothing else.
func checkExactly(t *testing.T, sent []sentMessage, found []*primitive.MessageExt) {
	t.Helper()
	byOffsetID := map[string]*primitive.MessageExt{}
	for _, message := range found {
		if byOffsetID[message.OffsetMsgId] != nil {
			t.Errorf("%s arrived twice", message.MsgId)
		}
		byOffsetID[message.OffsetMsgId] = message
	}
	for _, one := range sent {
		message := byOffsetID[one.offsetMsgID]
		if message == nil {
			t.Errorf("%s (%s) did not arrive", one.msgID, one.offsetMsgID)
			continue
		}
		checkDelivered(t, one, message)
		delete(byOffsetID, one.offsetMsgID)
	}
	for id := range byOffsetID {
		t.Errorf("%s arrived but was never sent", id)
	}
}

// inbox is a listener that accepts everything and remembers it.
type inbox struct {
	mutex    sync.Mutex
	messages []*primitive.MessageExt
}

func (b *inbox) listen(_ context.Context, batch ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.messages = append(b.messages, batch...)
	return consumer.ConsumeSuccess, nil
}

func (b *inbox) all() []*primitive.MessageExt {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return append([]*primitive.MessageExt(nil), b.messages...)
}

// awaitExactly waits for all of them, gives strangers and repeats a moment, and checks every part.
func (b *inbox) awaitExactly(t *testing.T, sent []sentMessage) {
	t.Helper()
	eventually(t, func() string {
		if len(b.all()) >= len(sent) {
			return ""
		}
		return fmt.Sprintf("%d of %d messages", len(b.all()), len(sent))
	})
	time.Sleep(300 * time.Millisecond)
	checkExactly(t, sent, b.all())
}

// consume starts a push consumer that puts what matches into the inbox.
func consume(t *testing.T, group, topic, expression string, b *inbox, options ...consumer.Option) rocketmq.PushConsumer {
	t.Helper()
	c := newPushConsumer(t, group, options...)
	selector := consumer.MessageSelector{Type: consumer.TAG, Expression: expression}
	must(t, c.Subscribe(topic, selector, b.listen))
	must(t, c.Start())
	return c
}

// eventually polls until nothing is missing any more; missing says what is.
func eventually(t *testing.T, missing func() string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		what := missing()
		if what == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s still: %s", patience, what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
