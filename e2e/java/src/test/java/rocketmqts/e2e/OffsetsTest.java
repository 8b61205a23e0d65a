package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Clients;
import rocketmqts.e2e.support.Compat;
import rocketmqts.e2e.support.Eventually;
import rocketmqts.e2e.support.Payload;
import rocketmqts.e2e.support.TestRun;

/** Questions about a queue: its ends, and its place at a time. */
class OffsetsTest extends ClientTest {
  @Test
  void endsAndTimesOfAQueue() throws Exception {
    String topic = TestRun.unique("offsets");
    DefaultMQProducer producer = clients.producer();
    Compat.createTopic(producer, topic, 2);
    MessageQueue queue = producer.fetchPublishMessageQueues(topic).get(0);
    assertEquals(0, producer.minOffset(queue));
    assertEquals(0, producer.maxOffset(queue));
    assertEquals(0, producer.searchOffset(queue, System.currentTimeMillis()), "empty queue");

    for (Message message : Payload.richList(topic, 12)) {
      producer.send(message, queue);
      Eventually.pause(25);
    }
    assertEquals(0, producer.minOffset(queue));
    Eventually.until(() -> "max 12", () -> producer.maxOffset(queue) == 12);
    List<MessageExt> stored = clients.readAll(topic, 12);
    assertEquals(12, stored.size());
    assertEquals(stored.get(0).getStoreTimestamp(), producer.earliestMsgStoreTime(queue));

    for (int i = 0; i < 12; i++) {
      long storedMs = stored.get(i).getStoreTimestamp();
      assertEquals(i, producer.searchOffset(queue, storedMs), "at the time of " + i);
      if (i > 0) {
        assertEquals(i, producer.searchOffset(queue, storedMs - 3), "shortly before " + i);
      }
    }
    assertEquals(0, producer.searchOffset(queue, stored.get(0).getStoreTimestamp() - 60_000));
    assertEquals(12, producer.searchOffset(queue, stored.get(11).getStoreTimestamp() + 60_000));
  }

  @Test
  void theOtherQueuesOfATopicStayEmpty() throws Exception {
    String topic = TestRun.unique("empty");
    DefaultMQProducer producer = clients.producer();
    Compat.createTopic(producer, topic, 3);
    List<MessageQueue> queues = producer.fetchPublishMessageQueues(topic);
    producer.send(Payload.rich(topic, 0), queues.get(1));
    Eventually.until(() -> "max 1", () -> producer.maxOffset(queues.get(1)) == 1);
    assertEquals(0, producer.maxOffset(queues.get(0)));
    assertEquals(0, producer.maxOffset(queues.get(2)));
    assertEquals(1, clients.readAll(topic, 1).size());
  }
}
