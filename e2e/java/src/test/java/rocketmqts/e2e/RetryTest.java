package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyContext;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Clients;
import rocketmqts.e2e.support.Compat;
import rocketmqts.e2e.support.Deliveries;
import rocketmqts.e2e.support.Eventually;
import rocketmqts.e2e.support.Inbox;
import rocketmqts.e2e.support.Payload;
import rocketmqts.e2e.support.Sent;
import rocketmqts.e2e.support.TestRun;

/** Messages a listener could not handle come again later, and end in the dead-letter topic. */
class RetryTest extends ClientTest {
  /** The ways a listener says "not now". */
  enum Refusal {
    RECONSUME_LATER,
    EXCEPTION,
    NULL
  }

  @ParameterizedTest
  @EnumSource(Refusal.class)
  void aRefusedMessageComesAgainAndIsCounted(Refusal refusal) throws Exception {
    String topic = TestRun.unique("retry");
    String group = TestRun.unique("retry");
    createRetryTopic(group, topic);
    List<Sent> sent = Clients.sendAll(clients.producer(), Payload.richList(topic, 6));
    Attempts attempts = new Attempts(2, refusal, 1);
    consume(group, topic, attempts, 16);

    for (Sent one : sent) {
      List<MessageExt> tries = attempts.await(one.msgId(), 3);
      for (int i = 0; i < 3; i++) {
        MessageExt found = tries.get(i);
        assertEquals(i, found.getReconsumeTimes(), "try " + i);
        assertEquals(topic, found.getTopic(), "the client shows the original topic");
        Deliveries.assertSameContent(one, found);
      }
      Deliveries.assertSame(one, tries.get(0));
      // Level 1 is 1 s; each further retry goes one level up when the broker chooses, not here.
      long firstGapMs = tries.get(1).getStoreTimestamp() - tries.get(0).getStoreTimestamp();
      assertTrue(firstGapMs >= 900, () -> "came back after only " + firstGapMs + " ms");
    }
    Eventually.pause(2_500);
    sent.forEach(one -> assertEquals(3, attempts.of(one.msgId()).size(), "no fourth try"));
  }

  /** Nothing but defaults: first retry at level 3, that is 10 s, of a group that is quite new. */
  @Test
  void theDefaultDelayOfAFirstRetryIsTenSeconds() throws Exception {
    String topic = TestRun.unique("level3");
    List<Sent> sent = Clients.sendAll(clients.producer(), Payload.richList(topic, 4));
    Attempts attempts = new Attempts(1, Refusal.RECONSUME_LATER, 0);
    consume(TestRun.unique("level3"), topic, attempts, 16);
    for (Sent one : sent) {
      List<MessageExt> tries = attempts.await(one.msgId(), 2);
      assertEquals(1, tries.get(1).getReconsumeTimes());
      assertEquals(one.offsetMsgId(), tries.get(1).getProperty("ORIGIN_MESSAGE_ID"));
      Deliveries.assertSameContent(one, tries.get(1));
      long gapMs = attempts.gapMs(one.msgId(), 1);
      assertTrue(gapMs >= 9_000, () -> "came back after only " + gapMs + " ms");
    }
  }

  @Test
  void aMessageRefusedTooOftenGoesToTheDeadLetterTopic() throws Exception {
    String topic = TestRun.unique("dead");
    String group = TestRun.unique("dead");
    createRetryTopic(group, topic);
    List<Sent> sent = Clients.sendAll(clients.producer(), Payload.richList(topic, 3));
    Attempts attempts = new Attempts(Integer.MAX_VALUE, Refusal.RECONSUME_LATER, 1);
    consume(group, topic, attempts, 1);

    List<MessageExt> dead = clients.readAll("%DLQ%" + group, 3);
    assertEquals(3, dead.size());
    for (Sent one : sent) {
      assertEquals(2, attempts.of(one.msgId()).size(), "first try and one retry");
      MessageExt letter =
          dead.stream().filter(m -> m.getMsgId().equals(one.msgId())).findFirst().orElse(null);
      assertNotNull(letter, "dead letter of " + one.msgId());
      Deliveries.assertSameContent(one, letter);
      assertEquals("%DLQ%" + group, letter.getTopic());
    }
  }

  /** A delay level below 0 means: do not try again. */
  @Test
  void aListenerMayGiveAMessageUpAtOnce() throws Exception {
    String topic = TestRun.unique("giveup");
    String group = TestRun.unique("giveup");
    List<Sent> sent = Clients.sendAll(clients.producer(), Payload.richList(topic, 3));
    Attempts attempts = new Attempts(Integer.MAX_VALUE, Refusal.RECONSUME_LATER, -1);
    consume(group, topic, attempts, 16);
    List<MessageExt> dead = clients.readAll("%DLQ%" + group, 3);
    for (Sent one : sent) {
      assertEquals(1, attempts.of(one.msgId()).size());
      MessageExt letter =
          dead.stream().filter(m -> m.getMsgId().equals(one.msgId())).findFirst().orElseThrow();
      Deliveries.assertSameContent(one, letter);
    }
  }

  @Test
  void onlyTheRefusedPartOfABatchComesAgain() throws Exception {
    String topic = TestRun.unique("ackindex");
    String group = TestRun.unique("ackindex");
    createRetryTopic(group, topic);
    List<Message> batch = Payload.richList(topic, 8);
    List<Sent> sent = Sent.of(batch, clients.producer().send(batch));
    Inbox first = new Inbox();
    Inbox again = new Inbox();
    DefaultMQPushConsumer consumer = clients.newPushConsumer(group);
    consumer.setConsumeMessageBatchMaxSize(8);
    consumer.subscribe(topic, "*");
    consumer.registerMessageListener(
        (MessageListenerConcurrently)
            (messages, context) -> {
              if (messages.get(0).getReconsumeTimes() > 0) {
                again.add(messages);
                return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
              }
              first.add(messages);
              context.setDelayLevelWhenNextConsume(1);
              // Everything up to this index is done, the rest is not.
              context.setAckIndex(messages.size() - 4);
              return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
            });
    consumer.start();
    first.awaitExactly(sent);
    again.await(3);
    Eventually.pause(1_500);
    assertEquals(3, again.count());
    List<String> last = sent.subList(5, 8).stream().map(Sent::msgId).toList();
    assertTrue(again.msgIds().containsAll(last), "the last three came again");
  }

  private void consume(
      String group, String topic, MessageListenerConcurrently listener, int maxReconsumeTimes)
      throws Exception {
    DefaultMQPushConsumer consumer = clients.newPushConsumer(group);
    consumer.setMaxReconsumeTimes(maxReconsumeTimes);
    consumer.subscribe(topic, "*");
    consumer.registerMessageListener(listener);
    consumer.start();
  }

  /**
   * The broker makes a group's retry topic at its first heartbeat, and a consumer that caused it
   * looks for its queues only at its next round, up to 20 s later. Most tests here skip that wait
   * by letting another member come and go first.
   */
  private void createRetryTopic(String group, String topic) throws Exception {
    // Without a topic the client knows no broker that it could send a heartbeat to.
    Compat.createTopic(clients.producer(), topic, 4);
    DefaultMQPushConsumer pioneer = clients.newPushConsumer(group);
    pioneer.subscribe(topic, "*");
    pioneer.registerMessageListener(new Inbox());
    pioneer.start();
    Eventually.until(
        () -> "retry topic of " + group,
        () -> !pioneer.fetchSubscribeMessageQueues("%RETRY%" + group).isEmpty());
    pioneer.shutdown();
  }

  /** Refuses the first tries of every message and remembers all of them. */
  private static final class Attempts implements MessageListenerConcurrently {
    private final int refusedTries;
    private final Refusal refusal;
    private final int delayLevel;
    private final Map<String, List<MessageExt>> tries = new ConcurrentHashMap<>();
    private final Map<String, List<Long>> timesNs = new ConcurrentHashMap<>();

    Attempts(int refusedTries, Refusal refusal, int delayLevel) {
      this.refusedTries = refusedTries;
      this.refusal = refusal;
      this.delayLevel = delayLevel;
    }

    @Override
    public ConsumeConcurrentlyStatus consumeMessage(
        List<MessageExt> messages, ConsumeConcurrentlyContext context) {
      MessageExt message = messages.get(0);
      List<MessageExt> own = tries.computeIfAbsent(message.getMsgId(), id -> new ArrayList<>());
      int count;
      synchronized (own) {
        own.add(message);
        count = own.size();
        timesNs.computeIfAbsent(message.getMsgId(), id -> new ArrayList<>()).add(System.nanoTime());
      }
      if (count > refusedTries) {
        return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
      }
      context.setDelayLevelWhenNextConsume(delayLevel);
      switch (refusal) {
        case EXCEPTION:
          throw new IllegalStateException("the listener fails on purpose");
        case NULL:
          return null;
        default:
          return ConsumeConcurrentlyStatus.RECONSUME_LATER;
      }
    }

    List<MessageExt> of(String msgId) {
      List<MessageExt> own = tries.getOrDefault(msgId, List.of());
      synchronized (own) {
        return new ArrayList<>(own);
      }
    }

    /** Time between one try and the one before it. */
    long gapMs(String msgId, int index) {
      List<Long> times = timesNs.get(msgId);
      return (times.get(index) - times.get(index - 1)) / 1_000_000;
    }

    List<MessageExt> await(String msgId, int count) {
      Eventually.until(
          () -> "want " + count + " tries of " + msgId + ", had " + of(msgId).size(),
          () -> of(msgId).size() >= count);
      return of(msgId);
    }
  }
}
