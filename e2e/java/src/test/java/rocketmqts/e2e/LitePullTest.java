package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Clients;
import rocketmqts.e2e.support.Deliveries;
import rocketmqts.e2e.support.Eventually;
import rocketmqts.e2e.support.Payload;
import rocketmqts.e2e.support.RawRequest;
import rocketmqts.e2e.support.Sent;
import rocketmqts.e2e.support.TestRun;

/** The lite-pull consumer: with a group that shares queues, and with queues chosen by hand. */
class LitePullTest extends ClientTest {
  @Test
  void subscribingDeliversEverythingAndResumesAfterARestart() throws Exception {
    String topic = TestRun.unique("lite");
    String group = TestRun.unique("lite");
    DefaultMQProducer producer = clients.producer();
    List<Sent> sent = Clients.sendEvenly(producer, Payload.richList(topic, 60));
    DefaultLitePullConsumer consumer = clients.newLitePullConsumer(group);
    consumer.subscribe(topic, "*");
    consumer.start();
    Deliveries.assertExactly(sent, poll(consumer, 60));
    // Without this the last seconds before the next automatic commit would come again. Commits are
    // one-way requests, so one sent at shutdown may be overtaken by the next consumer's question.
    consumer.commit(new HashSet<>(consumer.assignment()), true);
    awaitStored(producer, group, consumer.assignment(), 15);
    consumer.shutdown();

    List<Sent> more = Clients.sendEvenly(producer, Payload.richList(topic, 20));
    DefaultLitePullConsumer next = clients.newLitePullConsumer(group);
    next.subscribe(topic, "*");
    next.start();
    Deliveries.assertExactly(more, poll(next, 20));
  }

  @Test
  void subscribingByTagFilters() throws Exception {
    String topic = TestRun.unique("litetags");
    List<Sent> sent = Clients.sendEvenly(clients.producer(), Payload.richList(topic, 30));
    DefaultLitePullConsumer consumer = clients.newLitePullConsumer(TestRun.unique("litetags"));
    consumer.subscribe(topic, "TagA || TagC");
    consumer.start();
    List<Sent> wanted = sent.stream().filter(one -> !one.tags().equals("TagB")).toList();
    Deliveries.assertExactly(wanted, poll(consumer, wanted.size()));
  }

  @Test
  void twoMembersShareTheQueues() throws Exception {
    String topic = TestRun.unique("litegroup");
    String group = TestRun.unique("litegroup");
    DefaultMQProducer producer = clients.producer();
    List<Sent> sent = new ArrayList<>(Clients.sendEvenly(producer, Payload.richList(topic, 4)));
    DefaultLitePullConsumer one = clients.newLitePullConsumer(group);
    one.subscribe(topic, "*");
    one.start();
    List<MessageExt> received = new ArrayList<>(poll(one, 4));
    one.commit(new HashSet<>(one.assignment()), true);
    awaitStored(producer, group, one.assignment(), 1);
    DefaultLitePullConsumer two = clients.newLitePullConsumer(group);
    two.subscribe(topic, "*");
    two.start();
    Eventually.until(
        () -> "queues 2 + 2",
        () -> one.assignment().size() == 2 && two.assignment().size() == 2);
    sent.addAll(Clients.sendEvenly(producer, Payload.richList(topic, 40)));
    List<MessageExt> byOne = poll(one, 20);
    List<MessageExt> byTwo = poll(two, 20);
    received.addAll(byOne);
    received.addAll(byTwo);
    Deliveries.assertExactly(sent, received);
  }

  @Test
  void assignedQueuesCanBeReadFromAnyOffset() throws Exception {
    String topic = TestRun.unique("assign");
    List<Sent> sent = Clients.sendEvenly(clients.producer(), Payload.richList(topic, 80));
    DefaultLitePullConsumer consumer = clients.newLitePullConsumer(TestRun.unique("assign"));
    consumer.setAutoCommit(false);
    consumer.start();
    Collection<MessageQueue> queues = consumer.fetchMessageQueues(topic);
    assertEquals(4, queues.size());
    consumer.assign(queues);
    // The client starts to pull at once. A seek that meets such a pull may show its messages twice,
    // so seeks come when there is nothing left to pull.
    Deliveries.assertExactly(sent, poll(consumer, 80));
    for (MessageQueue queue : queues) {
      consumer.seek(queue, 15);
    }
    Deliveries.assertExactly(
        sent.stream().filter(one -> one.queueOffset() >= 15).toList(), poll(consumer, 20));

    for (MessageQueue queue : queues) {
      consumer.seekToBegin(queue);
    }
    Deliveries.assertExactly(sent, poll(consumer, 80));

    for (MessageQueue queue : queues) {
      consumer.seekToEnd(queue);
    }
    assertEquals(0, consumer.poll(1_500).size(), "nothing behind the end");
    MessageQueue some = queues.iterator().next();
    consumer.seek(some, 19);
    Deliveries.assertExactly(at(sent, some, 19), poll(consumer, 1));
  }

  @Test
  void pausedQueuesStayQuietUntilResumed() throws Exception {
    String topic = TestRun.unique("pause");
    DefaultMQProducer producer = clients.producer();
    List<Sent> first = Clients.sendEvenly(producer, Payload.richList(topic, 8));
    DefaultLitePullConsumer consumer = clients.newLitePullConsumer(TestRun.unique("pause"));
    consumer.start();
    Collection<MessageQueue> queues = consumer.fetchMessageQueues(topic);
    consumer.assign(queues);
    Deliveries.assertExactly(first, poll(consumer, 8));
    consumer.pause(queues);
    // Pulls that are held already may each bring one more answer; the next ones wait.
    List<Sent> second = Clients.sendEvenly(producer, Payload.richList(topic, 8));
    List<MessageExt> received = new ArrayList<>(consumer.poll(1_500));
    for (int i = 0; i < 8; i++) {
      received.addAll(consumer.poll(100));
    }
    List<Sent> third = Clients.sendEvenly(producer, Payload.richList(topic, 8));
    assertEquals(0, consumer.poll(1_500).size(), "paused");
    consumer.resume(queues);
    received.addAll(poll(consumer, 16 - received.size()));
    List<Sent> all = new ArrayList<>(second);
    all.addAll(third);
    Deliveries.assertExactly(all, received);
  }

  @Test
  void committedOffsetsAreKeptByTheBroker() throws Exception {
    String topic = TestRun.unique("commit");
    String group = TestRun.unique("commit");
    DefaultMQProducer producer = clients.producer();
    List<Sent> sent = Clients.sendEvenly(producer, Payload.richList(topic, 40));
    DefaultLitePullConsumer consumer = clients.newLitePullConsumer(group);
    consumer.setAutoCommit(false);
    consumer.start();
    Collection<MessageQueue> queues = consumer.fetchMessageQueues(topic);
    consumer.assign(queues);
    Deliveries.assertExactly(sent, poll(consumer, 40));
    consumer.commitSync();
    for (MessageQueue queue : queues) {
      assertEquals(10L, consumer.committed(queue), queue.toString());
    }
    // A second opinion, past this client's own memory; committing reaches the broker in the background.
    awaitStored(producer, group, queues, 10);

    Map<MessageQueue, Long> back = queues.stream().collect(Collectors.toMap(q -> q, q -> 3L));
    consumer.commitSync(back, true);
    awaitStored(producer, group, queues, 3);
  }

  @Test
  void aTimestampLeadsToAnOffset() throws Exception {
    String topic = TestRun.unique("litetime");
    DefaultMQProducer producer = clients.producer();
    MessageQueue queue = null;
    List<Sent> sent = new ArrayList<>();
    for (Message message : Payload.richList(topic, 10)) {
      Sent one =
          Sent.of(
              message,
              queue == null ? producer.send(message) : producer.send(message, queue));
      sent.add(one);
      queue = new MessageQueue(topic, one.brokerName(), one.queueId());
      Eventually.pause(30);
    }
    DefaultLitePullConsumer consumer = clients.newLitePullConsumer(TestRun.unique("litetime"));
    consumer.start();
    consumer.assign(Set.of(queue));
    List<MessageExt> found = poll(consumer, 10);
    Deliveries.assertExactly(sent, found);
    for (MessageExt message : found) {
      assertEquals(
          message.getQueueOffset(),
          consumer.offsetForTimestamp(queue, message.getStoreTimestamp()));
    }
  }

  private static void awaitStored(
      DefaultMQProducer producer, String group, Collection<MessageQueue> queues, long queueOffset) {
    for (MessageQueue queue : queues) {
      Eventually.until(
          () -> group + " to be stored at " + queueOffset + " in " + queue,
          () -> RawRequest.committed(producer, group, queue) == queueOffset);
    }
  }

  private static List<Sent> at(List<Sent> sent, MessageQueue queue, long queueOffset) {
    return sent.stream()
        .filter(one -> one.queueId() == queue.getQueueId() && one.queueOffset() == queueOffset)
        .toList();
  }

  /** Polls until a number of messages came, then once more to see that there are no others. */
  private static List<MessageExt> poll(DefaultLitePullConsumer consumer, int count) {
    List<MessageExt> all = new ArrayList<>();
    Eventually.until(
        () -> "want " + count + " polled, have " + all.size(),
        () -> {
          all.addAll(consumer.poll(500));
          return all.size() >= count;
        });
    all.addAll(consumer.poll(300));
    assertTrue(all.size() == count, () -> "polled " + all.size() + " instead of " + count);
    return all;
  }
}
