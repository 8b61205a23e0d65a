package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;
import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Clients;
import rocketmqts.e2e.support.Eventually;
import rocketmqts.e2e.support.Inbox;
import rocketmqts.e2e.support.Payload;
import rocketmqts.e2e.support.RawRequest;
import rocketmqts.e2e.support.Sent;
import rocketmqts.e2e.support.TestRun;

/**
 * A push consumer whose group an operator has switched to pop: the broker shares the queues out and
 * keeps account of every message.
 */
class PopTest extends ClientTest {
  private static final int SET_MESSAGE_REQUEST_MODE = 401;

  @Test
  void everyMessageArrivesOnce() throws Exception {
    String topic = TestRun.unique("pop");
    String group = TestRun.unique("pop");
    DefaultMQProducer producer = clients.producer();
    List<Sent> sent = new ArrayList<>(Clients.sendEvenly(producer, Payload.richList(topic, 20)));
    popMode(producer, topic, group);
    Inbox inbox = new Inbox();
    popConsumer(group, topic, inbox);
    inbox.await(20);
    sent.addAll(Clients.sendEvenly(producer, Payload.richList(topic, 40)));
    inbox.awaitExactly(sent);
  }

  @Test
  void consumersOfAGroupShareTheMessages() throws Exception {
    String topic = TestRun.unique("popshare");
    String group = TestRun.unique("popshare");
    DefaultMQProducer producer = clients.producer();
    Clients.sendAll(producer, Payload.richList(topic, 1));
    popMode(producer, topic, group);
    Inbox one = new Inbox();
    Inbox other = new Inbox();
    popConsumer(group, topic, one);
    DefaultMQPushConsumer second = clients.newPushConsumer(group);
    second.setInstanceName("second");
    startPopping(second, topic, other);
    List<Sent> sent = Clients.sendEvenly(producer, Payload.richList(topic, 60));
    Eventually.until(
        () -> "have " + one.count() + " and " + other.count(),
        () -> one.count() + other.count() >= sent.size() + 1);
    Eventually.pause(500);
    Set<String> ids = new HashSet<>(one.msgIds());
    ids.addAll(other.msgIds());
    assertEquals(61, ids.size());
    assertEquals(61, one.count() + other.count(), "repeats");
  }

  @Test
  void aRefusedMessageComesAgainAndIsCounted() throws Exception {
    String topic = TestRun.unique("popagain");
    String group = TestRun.unique("popagain");
    DefaultMQProducer producer = clients.producer();
    List<Sent> sent = Clients.sendAll(producer, Payload.richList(topic, 4));
    popMode(producer, topic, group);
    Map<String, AtomicInteger> tries = new ConcurrentHashMap<>();
    Map<String, Integer> reconsumeTimes = new ConcurrentHashMap<>();
    DefaultMQPushConsumer consumer = clients.newPushConsumer(group);
    startPopping(
        consumer,
        topic,
        (messages, context) -> {
          context.setDelayLevelWhenNextConsume(1);
          boolean again = false;
          for (MessageExt message : messages) {
            String body = new String(message.getBody(), StandardCharsets.ISO_8859_1);
            int count =
                tries.computeIfAbsent(body, key -> new AtomicInteger()).incrementAndGet();
            reconsumeTimes.put(body, message.getReconsumeTimes());
            assertEquals(topic, message.getTopic());
            again |= count == 1;
          }
          return again
              ? ConsumeConcurrentlyStatus.RECONSUME_LATER
              : ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
    Eventually.until(
        () -> "tries " + tries,
        () ->
            tries.size() == sent.size()
                && tries.values().stream().allMatch(count -> count.get() >= 2));
    assertTrue(reconsumeTimes.values().stream().allMatch(times -> times >= 1), reconsumeTimes::toString);
  }

  private DefaultMQPushConsumer popConsumer(String group, String topic, Inbox inbox)
      throws Exception {
    DefaultMQPushConsumer consumer = clients.newPushConsumer(group);
    startPopping(consumer, topic, inbox);
    return consumer;
  }

  private static void startPopping(
      DefaultMQPushConsumer consumer, String topic, MessageListenerConcurrently listener)
      throws Exception {
    consumer.setClientRebalance(false);
    consumer.subscribe(topic, "*");
    consumer.registerMessageListener(listener);
    consumer.start();
  }

  /** What {@code mqadmin setConsumeMode -m POP} sends. */
  private static void popMode(DefaultMQProducer producer, String topic, String group)
      throws Exception {
    String body =
        "{\"consumerGroup\":\"" + group + "\",\"mode\":\"POP\",\"popShareQueueNum\":0,\"topic\":\""
            + topic + "\"}";
    String broker = producer.fetchPublishMessageQueues(topic).get(0).getBrokerName();
    RemotingCommand answer =
        RawRequest.invoke(
            producer,
            RawRequest.brokerAddress(producer, broker),
            SET_MESSAGE_REQUEST_MODE,
            Map.of(),
            body.getBytes(StandardCharsets.UTF_8));
    assertEquals(0, answer.getCode(), answer.getRemark());
  }
}
