package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.QueryResult;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Clients;
import rocketmqts.e2e.support.Deliveries;
import rocketmqts.e2e.support.Eventually;
import rocketmqts.e2e.support.Payload;
import rocketmqts.e2e.support.Sent;
import rocketmqts.e2e.support.TestRun;

/** Finding stored messages by what is known about them. */
class QueryTest extends ClientTest {
  /** Of the client itself, when no broker had an answer. */
  private static final int NO_MESSAGE = 208;

  private final long startMs = System.currentTimeMillis();

  @Test
  void everyMessageIsFoundByKeyUniqueKeyAndOffsetId() throws Exception {
    String topic = TestRun.unique("query");
    DefaultMQProducer producer = clients.producer();
    List<Sent> sent = new ArrayList<>(Clients.sendAll(producer, Payload.richList(topic, 20)));
    List<Message> batch = new ArrayList<>();
    for (int i = 20; i < 30; i++) {
      batch.add(Payload.rich(topic, i));
    }
    sent.addAll(Sent.of(batch, producer.send(batch)));

    for (int i = 0; i < sent.size(); i++) {
      Sent one = sent.get(i);
      assertFoundByKey(producer, one, Payload.key(topic, i));
      assertFoundByKey(producer, one, "second-" + i);
      Deliveries.assertSameStored(one, producer.viewMessage(topic, one.msgId()));
      // By offset id the answer is decoded like any record; its unique key is one of its properties.
      MessageExt byOffset = producer.viewMessage(topic, one.offsetMsgId());
      Deliveries.assertSameContent(one, byOffset);
      assertEquals(one.msgId(), byOffset.getProperty("UNIQ_KEY"));
      assertEquals(one.queueId(), byOffset.getQueueId());
      assertEquals(one.queueOffset(), byOffset.getQueueOffset());
    }
  }

  @Test
  void aSharedKeyFindsAllUpToTheNumberAskedFor() throws Exception {
    String topic = TestRun.unique("shared");
    DefaultMQProducer producer = clients.producer();
    List<Message> messages = new ArrayList<>();
    for (Message message : Payload.richList(topic, 25)) {
      message.setKeys("common " + message.getUserProperty("index"));
      messages.add(message);
    }
    List<Sent> sent = Clients.sendAll(producer, messages);
    QueryResult all = query(producer, topic, "common", 64, 25);
    Deliveries.assertExactlyFound(sent, all.getMessageList());
    assertEquals(
        7, query(producer, topic, "common", 7, 7).getMessageList().size(), "limit is kept");
  }

  @Test
  void theTimeRangeLimitsTheAnswer() throws Exception {
    String topic = TestRun.unique("range");
    DefaultMQProducer producer = clients.producer();
    Message early = Payload.rich(topic, 0);
    early.setKeys("ranged");
    Sent first = Sent.of(early, producer.send(early));
    // Index entries know the time to the second.
    Eventually.pause(3_000);
    long middleMs = System.currentTimeMillis() - 1_500;
    Message late = Payload.rich(topic, 1);
    late.setKeys("ranged");
    Sent second = Sent.of(late, producer.send(late));
    Deliveries.assertExactlyFound(
        List.of(first, second), query(producer, topic, "ranged", 10, 2).getMessageList());
    QueryResult before = producer.queryMessage(topic, "ranged", 10, startMs - 1_000, middleMs);
    Deliveries.assertExactlyFound(List.of(first), before.getMessageList());
    QueryResult after =
        producer.queryMessage(topic, "ranged", 10, middleMs, System.currentTimeMillis() + 1_000);
    Deliveries.assertExactlyFound(List.of(second), after.getMessageList());
  }

  @Test
  void theSameKeyInAnotherTopicIsNotFound() throws Exception {
    DefaultMQProducer producer = clients.producer();
    List<Sent> both = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Message message = Payload.rich(TestRun.unique("samekey"), i);
      message.setKeys("same");
      both.add(Sent.of(message, producer.send(message)));
    }
    for (Sent one : both) {
      Deliveries.assertExactlyFound(
          List.of(one), query(producer, one.topic(), "same", 10, 1).getMessageList());
    }
  }

  @Test
  void whatIsNotThereIsNotFound() throws Exception {
    String topic = TestRun.unique("absent");
    DefaultMQProducer producer = clients.producer();
    Message message = Payload.rich(topic, 0);
    Sent sent = Sent.of(message, producer.send(message));
    MQClientException byKey =
        assertThrows(
            MQClientException.class,
            () -> producer.queryMessage(topic, "nokey", 10, 0, Long.MAX_VALUE));
    assertEquals(NO_MESSAGE, byKey.getResponseCode(), byKey::toString);
    // An offset id whose place is in the middle of the record.
    String id = sent.offsetMsgId();
    long commitLogOffset = Long.parseLong(id.substring(16), 16);
    String wrong = id.substring(0, 16) + String.format("%016X", commitLogOffset + 7);
    assertThrows(Exception.class, () -> producer.viewMessage(topic, wrong));
  }

  private void assertFoundByKey(DefaultMQProducer producer, Sent sent, String key) {
    List<MessageExt> found = query(producer, sent.topic(), key, 10, 1).getMessageList();
    assertTrue(found.size() == 1, () -> key + " found " + found.size());
    Deliveries.assertExactlyFound(List.of(sent), found);
  }

  /** The index is written in the background, so an answer may take a moment to be complete. */
  private QueryResult query(
      DefaultMQProducer producer, String topic, String key, int limit, int count) {
    return Eventually.value(
        count + " messages with key " + key,
        () -> {
          QueryResult result =
              producer.queryMessage(topic, key, limit, startMs - 1_000, Long.MAX_VALUE);
          return result.getMessageList().size() >= count ? result : null;
        });
  }
}
