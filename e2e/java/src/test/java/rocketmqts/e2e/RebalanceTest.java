package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Clients;
import rocketmqts.e2e.support.Compat;
import rocketmqts.e2e.support.Deliveries;
import rocketmqts.e2e.support.Eventually;
import rocketmqts.e2e.support.Inbox;
import rocketmqts.e2e.support.JavaProcess;
import rocketmqts.e2e.support.Payload;
import rocketmqts.e2e.support.Sent;
import rocketmqts.e2e.support.TestRun;

/** Members of a group share the queues, and share them anew when one joins, leaves or dies. */
class RebalanceTest extends ClientTest {
  private static final int QUEUE_COUNT = 8;

  /**
   * The client looks by itself only every 20 s; faster means that the broker told it. The first
   * member has just looked when the second starts, so this much later only the notice can be it.
   */
  private static final long NOTICED_WITHIN_MS = 12_000;

  @Test
  void membersShareQueuesWhenOneJoinsAndTakeOverWhenItLeaves() throws Exception {
    String topic = TestRun.unique("rebalance");
    String group = TestRun.unique("rebalance");
    DefaultMQProducer producer = clients.producer();
    Compat.createTopic(producer, topic, QUEUE_COUNT);
    Inbox one = new Inbox();
    Inbox two = new Inbox();
    DefaultMQPushConsumer first = clients.pushConsumer(group, topic, one);
    Clients.awaitQueues(first, topic, QUEUE_COUNT);

    long joinedNs = System.nanoTime();
    DefaultMQPushConsumer second = clients.pushConsumer(group, topic, two);
    Clients.awaitQueues(first, topic, QUEUE_COUNT / 2);
    Clients.awaitQueues(second, topic, QUEUE_COUNT / 2);
    assertNoticed(joinedNs, "joining");
    Set<Object> all = new HashSet<>(Clients.ownedQueues(first, topic));
    all.addAll(Clients.ownedQueues(second, topic));
    assertEquals(QUEUE_COUNT, all.size(), "no queue twice, none without owner");

    List<Sent> shared = Clients.sendEvenly(producer, Payload.richList(topic, 80));
    awaitUnion(one, two, shared);
    assertEquals(40, one.count(), "each reads its half");
    assertEquals(40, two.count());
    List<MessageExt> both = one.messages();
    both.addAll(two.messages());
    Deliveries.assertExactly(shared, both);

    long leftNs = System.nanoTime();
    second.shutdown();
    Clients.awaitQueues(first, topic, QUEUE_COUNT);
    assertNoticed(leftNs, "leaving");
    List<Sent> after = Clients.sendEvenly(producer, Payload.richList(topic, 40));
    one.await(80);
    assertTrue(one.msgIds().containsAll(after.stream().map(Sent::msgId).toList()));
  }

  @Test
  void nothingIsLostWhileMembersComeAndGoUnderLoad() throws Exception {
    String topic = TestRun.unique("churn");
    String group = TestRun.unique("churn");
    DefaultMQProducer producer = clients.producer();
    Compat.createTopic(producer, topic, QUEUE_COUNT);
    Inbox inbox = new Inbox();
    DefaultMQPushConsumer steady = clients.pushConsumer(group, topic, inbox);
    Clients.awaitQueues(steady, topic, QUEUE_COUNT);

    List<Sent> sent = new ArrayList<>();
    AtomicBoolean running = new AtomicBoolean(true);
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread load =
        new Thread(
            () -> {
              try {
                for (int i = 0; running.get(); i++) {
                  Message message = Payload.rich(topic, i);
                  sent.add(Sent.of(message, producer.send(message)));
                  Thread.sleep(5);
                }
              } catch (Throwable error) {
                failure.set(error);
              }
            });
    load.start();
    for (int round = 0; round < 2; round++) {
      DefaultMQPushConsumer guest = clients.pushConsumer(group, topic, inbox);
      Clients.awaitQueues(guest, topic, QUEUE_COUNT / 2);
      Eventually.pause(500);
      guest.shutdown();
      Clients.awaitQueues(steady, topic, QUEUE_COUNT);
    }
    running.set(false);
    load.join();
    assertEquals(null, failure.get());

    inbox.await(sent.size());
    // Repeats are allowed while queues change hands; losses and strangers are not.
    Set<String> seen = new HashSet<>();
    List<MessageExt> once = new ArrayList<>();
    for (MessageExt message : inbox.messages()) {
      if (seen.add(message.getMsgId())) {
        once.add(message);
      }
    }
    Deliveries.assertExactly(sent, once);
  }

  @Test
  void theQueuesOfAKilledMemberAreTakenOver() throws Exception {
    String topic = TestRun.unique("killed");
    String group = TestRun.unique("killed");
    DefaultMQProducer producer = clients.producer();
    Compat.createTopic(producer, topic, QUEUE_COUNT);
    Inbox inbox = new Inbox();
    DefaultMQPushConsumer survivor = clients.newPushConsumer(group);
    survivor.subscribe(topic, "TagA");
    survivor.registerMessageListener(inbox);
    survivor.start();
    Clients.awaitQueues(survivor, topic, QUEUE_COUNT);
    try (JavaProcess victim =
        JavaProcess.start(
            QuickstartConsumer.class,
            "--namesrv", TestRun.NAMESRV,
            "--topic", topic,
            "--group", group)) {
      Clients.awaitQueues(survivor, topic, QUEUE_COUNT / 2);
      long killedNs = System.nanoTime();
      victim.kill();
      Clients.awaitQueues(survivor, topic, QUEUE_COUNT);
      assertNoticed(killedNs, "dying");
    }
    List<Sent> sent = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      Message message = Payload.rich(topic, 0);
      sent.add(Sent.of(message, producer.send(message)));
    }
    inbox.awaitExactly(sent);
  }

  private static void assertNoticed(long sinceNs, String what) {
    long ms = (System.nanoTime() - sinceNs) / 1_000_000;
    assertTrue(ms < NOTICED_WITHIN_MS, () -> what + " was noticed only after " + ms + " ms");
  }

  private static void awaitUnion(Inbox one, Inbox two, List<Sent> sent) {
    Eventually.until(
        () -> one.count() + " + " + two.count() + " of " + sent.size(),
        () -> one.count() + two.count() >= sent.size());
    Eventually.pause(300);
    assertEquals(sent.size(), one.count() + two.count());
  }
}
