package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Clients;
import rocketmqts.e2e.support.Compat;
import rocketmqts.e2e.support.Eventually;
import rocketmqts.e2e.support.Inbox;
import rocketmqts.e2e.support.Payload;
import rocketmqts.e2e.support.Sent;
import rocketmqts.e2e.support.TestRun;

/** Push consumers in clustering mode with a listener that runs concurrently. */
class PushConsumerTest extends ClientTest {
  @Test
  void aBacklogAndNewMessagesArriveExactlyOnce() throws Exception {
    String topic = TestRun.unique("push");
    DefaultMQProducer producer = clients.producer();
    List<Sent> sent = new ArrayList<>(Clients.sendAll(producer, Payload.richList(topic, 300)));
    Inbox inbox = new Inbox();
    clients.pushConsumer(TestRun.unique("push"), topic, inbox);
    inbox.await(300);
    sent.addAll(Clients.sendAll(producer, Payload.richList(topic, 50)));
    inbox.awaitExactly(sent);
  }

  @Test
  void everyGroupGetsItsOwnCopy() throws Exception {
    String topic = TestRun.unique("groups");
    List<Sent> sent = Clients.sendAll(clients.producer(), Payload.richList(topic, 30));
    Inbox first = new Inbox();
    Inbox second = new Inbox();
    clients.pushConsumer(TestRun.unique("groupa"), topic, first);
    clients.pushConsumer(TestRun.unique("groupb"), topic, second);
    first.awaitExactly(sent);
    second.awaitExactly(sent);
  }

  @Test
  void oneConsumerMaySubscribeToSeveralTopics() throws Exception {
    DefaultMQProducer producer = clients.producer();
    DefaultMQPushConsumer consumer = clients.newPushConsumer(TestRun.unique("topics"));
    Inbox inbox = new Inbox();
    consumer.registerMessageListener(inbox);
    List<Sent> sent = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      String topic = TestRun.unique("several");
      sent.addAll(Clients.sendAll(producer, Payload.richList(topic, 20)));
      consumer.subscribe(topic, "*");
    }
    consumer.start();
    inbox.awaitExactly(sent);
  }

  @Test
  void aListenerMayTakeManyMessagesAtOnce() throws Exception {
    String topic = TestRun.unique("listenerbatch");
    DefaultMQProducer producer = clients.producer();
    List<Message> batch = Payload.richList(topic, 64);
    List<Sent> sent = Sent.of(batch, producer.send(batch));
    DefaultMQPushConsumer consumer = clients.newPushConsumer(TestRun.unique("listenerbatch"));
    consumer.setConsumeMessageBatchMaxSize(16);
    consumer.setPullBatchSize(64);
    consumer.subscribe(topic, "*");
    Inbox inbox = new Inbox();
    consumer.registerMessageListener(inbox);
    consumer.start();
    inbox.awaitExactly(sent);
    // Apache caps a pull at 32 messages or 256 KiB when they are in memory, so 16 fit in any case.
    assertEquals(16, Collections.max(inbox.batchSizes()), "messages in one call");
  }

  @Test
  void anIdleConsumerHearsOfANewMessageAtOnce() throws Exception {
    String topic = TestRun.unique("longpoll");
    DefaultMQProducer producer = clients.producer();
    List<Sent> sent = new ArrayList<>(Clients.sendAll(producer, Payload.richList(topic, 4)));
    Inbox inbox = new Inbox();
    clients.pushConsumer(TestRun.unique("longpoll"), topic, inbox);
    inbox.await(4);

    List<Long> latenciesMs = new ArrayList<>();
    for (int i = 4; i < 12; i++) {
      // Long enough for the pull of every queue to be held by the broker (held up to 15 s).
      Eventually.pause(400);
      long startNs = System.nanoTime();
      Message message = Payload.rich(topic, i);
      sent.add(Sent.of(message, producer.send(message)));
      while (inbox.count() <= i && System.nanoTime() - startNs < 30_000_000_000L) {
        Thread.sleep(1);
      }
      latenciesMs.add((System.nanoTime() - startNs) / 1_000_000);
    }
    inbox.awaitExactly(sent);
    Collections.sort(latenciesMs);
    // Without a wake-up the broker would answer after 5 to 15 s; the limit leaves room for load.
    assertTrue(latenciesMs.get(latenciesMs.size() / 2) < 1_000, () -> "ms: " + latenciesMs);
  }

  @Test
  void aConsumerStartedBeforeItsTopicExistsGetsTheTopicsMessages() throws Exception {
    String topic = TestRun.unique("early");
    Inbox inbox = new Inbox();
    clients.pushConsumer(TestRun.unique("early"), topic, inbox);
    Eventually.pause(1_000);
    List<Sent> sent = Clients.sendAll(clients.producer(), Payload.richList(topic, 20));
    inbox.awaitExactly(sent);
  }

  @Test
  void aTopicOfManyQueuesIsReadCompletely() throws Exception {
    String topic = TestRun.unique("queues");
    DefaultMQProducer producer = clients.producer();
    Compat.createTopic(producer, topic, 64);
    List<Sent> sent = Clients.sendAll(producer, Payload.richList(topic, 256));
    assertEquals(64, sent.stream().map(Sent::queueId).distinct().count());
    Inbox inbox = new Inbox();
    clients.pushConsumer(TestRun.unique("queues"), topic, inbox);
    inbox.awaitExactly(sent);
  }
}
