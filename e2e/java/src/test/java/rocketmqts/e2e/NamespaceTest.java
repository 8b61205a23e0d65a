package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Eventually;
import rocketmqts.e2e.support.Inbox;
import rocketmqts.e2e.support.TestRun;

/** Namespaces are a prefix that clients put in front of topics and groups; the broker keeps the names as they are. */
class NamespaceTest extends ClientTest {
  @Test
  void namesOfOneNamespaceAreItsOwn() throws Exception {
    String topic = TestRun.unique("spaced");
    String group = TestRun.unique("spaced");
    Inbox red = subscribe("red", group, topic);
    Inbox blue = subscribe("blue", group, topic);
    Inbox none = subscribe(null, group, topic);
    Inbox outside = subscribe(null, TestRun.unique("outside"), "red%" + topic);
    send("red", topic, "to red");
    send("blue", topic, "to blue");
    send(null, topic, "to none");
    for (Inbox inbox : List.of(red, blue, none, outside)) {
      inbox.await(1);
    }
    Eventually.pause(1_000);
    assertEquals(List.of("to red"), texts(red));
    assertEquals(List.of("to blue"), texts(blue));
    assertEquals(List.of("to none"), texts(none));
    assertEquals(List.of("to red"), texts(outside));
    assertEquals(topic, red.messages().get(0).getTopic());
    assertEquals("red%" + topic, outside.messages().get(0).getTopic());
  }

  @Test
  void aRefusedMessageComesAgainInItsNamespace() throws Exception {
    String topic = TestRun.unique("spacedretry");
    Map<String, Integer> tries = new ConcurrentHashMap<>();
    DefaultMQPushConsumer consumer = clients.newPushConsumer(TestRun.unique("spacedretry"));
    consumer.setNamespace("red");
    consumer.subscribe(topic, "*");
    consumer.registerMessageListener(
        (MessageListenerConcurrently)
            (batch, context) -> {
              context.setDelayLevelWhenNextConsume(1);
              for (MessageExt message : batch) {
                tries.merge(message.getTopic(), 1, Integer::sum);
              }
              return tries.getOrDefault(topic, 0) < 2
                  ? ConsumeConcurrentlyStatus.RECONSUME_LATER
                  : ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
            });
    consumer.start();
    send("red", topic, "again");
    Eventually.until(() -> "want two tries, have " + tries, () -> tries.equals(Map.of(topic, 2)));
  }

  private Inbox subscribe(String namespace, String group, String topic) throws Exception {
    Inbox inbox = new Inbox();
    DefaultMQPushConsumer consumer = clients.newPushConsumer(group);
    consumer.setInstanceName(TestRun.unique("instance"));
    if (namespace != null) {
      consumer.setNamespace(namespace);
    }
    consumer.subscribe(topic, "*");
    consumer.registerMessageListener(inbox);
    consumer.start();
    return inbox;
  }

  private void send(String namespace, String topic, String text) throws Exception {
    DefaultMQProducer producer = clients.newProducer();
    producer.setInstanceName(TestRun.unique("instance"));
    if (namespace != null) {
      producer.setNamespace(namespace);
    }
    producer.start();
    producer.send(new Message(topic, text.getBytes(StandardCharsets.UTF_8)));
  }

  private static List<String> texts(Inbox inbox) {
    return inbox.messages().stream()
        .map(message -> new String(message.getBody(), StandardCharsets.UTF_8))
        .toList();
  }
}
