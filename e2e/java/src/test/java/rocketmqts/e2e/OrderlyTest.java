package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyContext;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.MessageExt;
import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Clients;
import rocketmqts.e2e.support.Compat;
import rocketmqts.e2e.support.Deliveries;
import rocketmqts.e2e.support.Eventually;
import rocketmqts.e2e.support.Payload;
import rocketmqts.e2e.support.Sent;
import rocketmqts.e2e.support.TestRun;

/** Orderly consumption: one at a time per queue, under a lock that the broker keeps. */
class OrderlyTest extends ClientTest {
  @Test
  void everyQueueIsConsumedInItsOrder() throws Exception {
    String topic = TestRun.unique("orderly");
    List<Sent> sent = Clients.sendEvenly(clients.producer(), Payload.richList(topic, 200));
    Sequence sequence = new Sequence(null);
    consume(TestRun.unique("orderly"), topic, sequence);
    sequence.await(200);
    assertEquals(200, sequence.messages().size(), "deliveries");
    sequence.assertInOrder(false);
    Deliveries.assertExactly(sent, sequence.messages());
  }

  @Test
  void aSuspendedMessageBlocksItsQueueUntilItIsDone() throws Exception {
    String topic = TestRun.unique("suspend");
    List<Sent> sent = Clients.sendEvenly(clients.producer(), Payload.richList(topic, 40));
    Sent stubborn = sent.get(10);
    Sequence sequence = new Sequence(stubborn.msgId());
    consume(TestRun.unique("suspend"), topic, sequence);
    sequence.await(40);
    sequence.assertInOrder(true);
    assertEquals(3, sequence.triesOf(stubborn.msgId()), "two suspensions, then done");
  }

  @Test
  void orderHoldsWhileASecondMemberJoinsAndLeaves() throws Exception {
    String topic = TestRun.unique("handover");
    String group = TestRun.unique("handover");
    DefaultMQProducer producer = clients.producer();
    Compat.createTopic(producer, topic, 4);
    Sequence sequence = new Sequence(null);
    DefaultMQPushConsumer first = consume(group, topic, sequence);
    Clients.awaitQueues(first, topic, 4);
    List<Sent> sent = new ArrayList<>(Clients.sendEvenly(producer, Payload.richList(topic, 100)));
    DefaultMQPushConsumer second = consume(group, topic, sequence);
    sent.addAll(Clients.sendEvenly(producer, Payload.richList(topic, 100)));
    Clients.awaitQueues(second, topic, 2);
    Clients.awaitQueues(first, topic, 2);
    sent.addAll(Clients.sendEvenly(producer, Payload.richList(topic, 100)));
    sequence.await(300);
    second.shutdown();
    sent.addAll(Clients.sendEvenly(producer, Payload.richList(topic, 100)));
    Clients.awaitQueues(first, topic, 4);
    sequence.await(400);
    sequence.assertInOrder(true);
  }

  private DefaultMQPushConsumer consume(String group, String topic, Sequence sequence)
      throws Exception {
    DefaultMQPushConsumer consumer = clients.newPushConsumer(group);
    consumer.subscribe(topic, "*");
    consumer.setSuspendCurrentQueueTimeMillis(200);
    consumer.registerMessageListener(sequence);
    consumer.start();
    return consumer;
  }

  /** Notes the order of deliveries per queue, and whether two threads ever met in one queue. */
  private static final class Sequence implements MessageListenerOrderly {
    private final String suspendedMsgId;
    private final List<MessageExt> messages = new ArrayList<>();
    private final Map<Integer, List<Long>> queueOffsets = new ConcurrentHashMap<>();
    private final Map<Integer, AtomicInteger> inside = new ConcurrentHashMap<>();
    private volatile boolean met;

    Sequence(String suspendedMsgId) {
      this.suspendedMsgId = suspendedMsgId;
    }

    @Override
    public ConsumeOrderlyStatus consumeMessage(
        List<MessageExt> batch, ConsumeOrderlyContext context) {
      int queueId = batch.get(0).getQueueId();
      AtomicInteger count = inside.computeIfAbsent(queueId, id -> new AtomicInteger());
      if (count.incrementAndGet() > 1) {
        met = true;
      }
      try {
        Eventually.pause(1);
        return take(queueId, batch);
      } finally {
        count.decrementAndGet();
      }
    }

    private synchronized ConsumeOrderlyStatus take(int queueId, List<MessageExt> batch) {
      messages.addAll(batch);
      List<Long> own = queueOffsets.computeIfAbsent(queueId, id -> new ArrayList<>());
      batch.forEach(message -> own.add(message.getQueueOffset()));
      boolean suspended =
          batch.get(0).getMsgId().equals(suspendedMsgId) && triesOf(suspendedMsgId) < 3;
      return suspended
          ? ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT
          : ConsumeOrderlyStatus.SUCCESS;
    }

    synchronized List<MessageExt> messages() {
      return new ArrayList<>(messages);
    }

    synchronized int triesOf(String msgId) {
      return (int) messages.stream().filter(m -> m.getMsgId().equals(msgId)).count();
    }

    void await(int count) {
      Eventually.until(
          () -> "want " + count + " messages, have " + distinct(),
          () -> distinct() >= count);
    }

    private int distinct() {
      Set<String> ids = new HashSet<>();
      messages().forEach(message -> ids.add(message.getMsgId()));
      return ids.size();
    }

    /** Each queue from 0 on without a gap; with repeats allowed, a step back must be a repeat. */
    synchronized void assertInOrder(boolean repeatsAllowed) {
      assertFalse(met, "two threads were in one queue at the same time");
      queueOffsets.forEach(
          (queueId, offsets) -> {
            long next = 0;
            for (long queueOffset : offsets) {
              boolean repeat = queueOffset < next;
              assertTrue(
                  queueOffset == next || (repeat && repeatsAllowed),
                  () -> "queue " + queueId + " out of order: " + offsets);
              next = Math.max(next, queueOffset + 1);
            }
          });
    }
  }
}
