package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;
import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Deliveries;
import rocketmqts.e2e.support.Inbox;
import rocketmqts.e2e.support.Payload;
import rocketmqts.e2e.support.Sent;
import rocketmqts.e2e.support.TestRun;

/** Many messages in one request: each becomes a record of its own, side by side in one queue. */
class BatchTest extends ClientTest {
  private static final int MIB = 1024 * 1024;

  @Test
  void aBatchBecomesNeighboursInOneQueue() throws Exception {
    String topic = TestRun.unique("batch");
    DefaultMQProducer producer = clients.producer();
    List<Sent> sent = new ArrayList<>();
    for (int round = 0; round < 5; round++) {
      List<Message> batch = Payload.richList(topic, 20);
      List<Sent> one = Sent.of(batch, producer.send(batch));
      assertEquals(20, one.stream().map(Sent::msgId).distinct().count(), "an id per message");
      assertEquals(20, one.stream().map(Sent::offsetMsgId).distinct().count());
      sent.addAll(one);
    }
    Inbox inbox = new Inbox();
    clients.pushConsumer(TestRun.unique("batch"), topic, inbox);
    inbox.awaitExactly(sent);
  }

  @Test
  void aBatchMayNameItsQueue() throws Exception {
    String topic = TestRun.unique("batchqueue");
    DefaultMQProducer producer = clients.producer();
    Message first = Payload.rich(topic, 0);
    List<Sent> sent = new ArrayList<>(List.of(Sent.of(first, producer.send(first))));
    MessageQueue queue = new MessageQueue(topic, sent.get(0).brokerName(), 3);
    List<Message> batch = Payload.richList(topic, 10);
    List<Sent> batched = Sent.of(batch, producer.send(batch, queue));
    batched.forEach(one -> assertEquals(3, one.queueId()));
    sent.addAll(batched);
    Deliveries.assertExactly(sent, clients.readAll(topic, sent.size()));
  }

  @Test
  void anAsyncBatchCallsBackOnce() throws Exception {
    String topic = TestRun.unique("asyncbatch");
    DefaultMQProducer producer = clients.producer();
    CompletableFuture<SendResult> answer = new CompletableFuture<>();
    List<Message> batch = Payload.richList(topic, 30);
    producer.send(
        batch,
        new SendCallback() {
          @Override
          public void onSuccess(SendResult result) {
            answer.complete(result);
          }

          @Override
          public void onException(Throwable error) {
            answer.completeExceptionally(error);
          }
        });
    List<Sent> sent = Sent.of(batch, answer.get(30, TimeUnit.SECONDS));
    Deliveries.assertExactly(sent, clients.readAll(topic, sent.size()));
  }

  @Test
  void aLongListIsSplitIntoBatchesThatFit() throws Exception {
    String topic = TestRun.unique("split");
    DefaultMQProducer producer = clients.producer();
    List<Message> messages = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      Message message = new Message(topic, "Split", Payload.incompressible(i, 10_000 + i * 20));
      message.putUserProperty("index", Integer.toString(i));
      messages.add(message);
    }
    List<Sent> sent = new ArrayList<>();
    int batchCount = 0;
    for (List<Message> batch : split(messages, MIB)) {
      sent.addAll(Sent.of(batch, producer.send(batch)));
      batchCount++;
    }
    assertTrue(batchCount > 3, "the list needed splitting");
    Deliveries.assertExactly(sent, clients.readAll(topic, sent.size()));
  }

  @Test
  void aBatchOverTheLimitIsRefusedAsAWhole() throws Exception {
    String topic = TestRun.unique("bigbatch");
    DefaultMQProducer producer = clients.newProducer();
    List<Message> batch = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      batch.add(new Message(topic, Payload.incompressible(i, MIB)));
    }
    producer.start();
    // The client's own check looks at the whole encoded batch.
    assertThrows(MQClientException.class, () -> producer.send(batch));

    DefaultMQProducer daring = clients.newProducer();
    daring.setMaxMessageSize(15 * MIB);
    daring.start();
    Exception refused = assertThrows(Exception.class, () -> daring.send(batch));
    // Apache answers SYSTEM_ERROR (1) here, which the client retries and then wraps; MESSAGE_ILLEGAL
    // (13) would reach the caller as it is. Either way it must be an answer of the broker.
    assertTrue(
        refused instanceof MQBrokerException || refused.getCause() instanceof MQBrokerException,
        refused::toString);

    Message after = Payload.rich(topic, 0);
    Sent sent = Sent.of(after, daring.send(after));
    Deliveries.assertExactly(List.of(sent), clients.readAll(topic, 1));
  }

  @Test
  void messagesOfDifferentTopicsMakeNoBatch() throws Exception {
    DefaultMQProducer producer = clients.producer();
    List<Message> mixed =
        List.of(Payload.rich(TestRun.unique("mix"), 0), Payload.rich(TestRun.unique("mix"), 1));
    MQClientException refused = assertThrows(MQClientException.class, () -> producer.send(mixed));
    assertNotNull(refused.getMessage());
    assertNull(
        producer
            .getDefaultMQProducerImpl()
            .getTopicPublishInfoTable()
            .get(mixed.get(0).getTopic()));
  }

  private static List<List<Message>> split(List<Message> messages, int limitBytes) {
    List<List<Message>> batches = new ArrayList<>();
    List<Message> batch = new ArrayList<>();
    int batchBytes = 0;
    for (Message message : messages) {
      // Body, properties and the fixed part of each entry, rounded up.
      int messageBytes = message.getBody().length + 200;
      if (batchBytes + messageBytes > limitBytes) {
        batches.add(batch);
        batch = new ArrayList<>();
        batchBytes = 0;
      }
      batch.add(message);
      batchBytes += messageBytes;
    }
    batches.add(batch);
    return batches;
  }
}
