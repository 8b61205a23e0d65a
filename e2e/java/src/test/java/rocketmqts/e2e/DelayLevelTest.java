package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Inbox;
import rocketmqts.e2e.support.TestRun;

/** Messages that wait as long as their level says. */
class DelayLevelTest extends ClientTest {
  @Test
  void eachLevelKeepsItsTimeAndItsOrder() throws Exception {
    String topic = TestRun.unique("levels");
    DefaultMQProducer producer = clients.producer();
    producer.send(new Message(topic, "first, to make the topic".getBytes()));
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      Message message = new Message(topic, "tag", "key-" + i, ("five seconds " + i).getBytes());
      message.setDelayTimeLevel(2);
      producer.send(message);
    }
    for (int i = 0; i < 5; i++) {
      Message message = new Message(topic, "tag", "key-" + i, ("one second " + i).getBytes());
      message.setDelayTimeLevel(1);
      producer.send(message);
      expected.add("one second " + i);
    }
    Inbox inbox = new Inbox();
    clients.pushConsumer(TestRun.unique("levels"), topic, inbox);
    inbox.await(11);

    for (MessageExt message : inbox.messages()) {
      if (message.getTags() == null) {
        continue;
      }
      long waitedMs = message.getStoreTimestamp() - message.getBornTimestamp();
      long levelMs = message.getDelayTimeLevel() == 1 ? 1_000 : 5_000;
      assertTrue(waitedMs >= levelMs, () -> "came after only " + waitedMs + " ms");
      assertTrue(waitedMs < levelMs + 1_500, () -> "came as late as " + waitedMs + " ms");
      assertEquals(topic, message.getTopic());
      assertEquals(topic, message.getProperty("REAL_TOPIC"));
    }
    List<String> soon =
        inbox.messages().stream()
            .map(message -> new String(message.getBody()))
            .filter(body -> body.startsWith("one second"))
            .sorted()
            .toList();
    assertEquals(expected, soon);
  }
}
