package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.selector.SelectMessageQueueByHash;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Clients;
import rocketmqts.e2e.support.Compat;
import rocketmqts.e2e.support.Deliveries;
import rocketmqts.e2e.support.Payload;
import rocketmqts.e2e.support.Sent;
import rocketmqts.e2e.support.TestRun;

/** Every way a producer can hand over one message; each is read back and compared. */
class SendTest extends ClientTest {
  @Test
  void syncSendsAreStoredAsSentAndSpreadOverAllQueues() throws Exception {
    String topic = TestRun.unique("sync");
    List<Sent> sent = Clients.sendAll(clients.producer(), Payload.richList(topic, 60));

    Deliveries.assertExactly(sent, clients.readAll(topic, sent.size()));
    Set<Integer> queueIds = new HashSet<>();
    sent.forEach(one -> queueIds.add(one.queueId()));
    assertEquals(Set.of(0, 1, 2, 3), queueIds, "an auto-created topic has the client's 4 queues");
    assertOffsetsAreDense(sent);
  }

  @Test
  void asyncSendsCallBackWithTheirPlaces() throws Exception {
    String topic = TestRun.unique("async");
    DefaultMQProducer producer = clients.producer();
    int count = 200;
    CountDownLatch answered = new CountDownLatch(count);
    Collection<Sent> sent = new ConcurrentLinkedQueue<>();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    // The first send creates the topic; racing creations are another test's subject.
    sent.add(Sent.of(Payload.rich(topic, count), producer.send(Payload.rich(topic, count))));
    sent.clear();
    for (Message message : Payload.richList(topic, count)) {
      producer.send(
          message,
          new SendCallback() {
            @Override
            public void onSuccess(SendResult result) {
              sent.add(Sent.of(message, result));
              answered.countDown();
            }

            @Override
            public void onException(Throwable error) {
              failure.set(error);
              answered.countDown();
            }
          });
    }
    assertTrue(answered.await(60, TimeUnit.SECONDS), "all callbacks came");
    assertNull(failure.get(), () -> "a callback failed: " + failure.get());

    List<MessageExt> stored = new ArrayList<>(clients.readAll(topic, count + 1));
    stored.removeIf(message -> message.getUserProperty("index").equals(Integer.toString(count)));
    Deliveries.assertExactly(sent, stored);
  }

  @Test
  void manyThreadsMayCreateOneTopicAtOnce() throws Exception {
    String topic = TestRun.unique("race");
    DefaultMQProducer producer = clients.producer();
    Collection<Sent> sent = new ConcurrentLinkedQueue<>();
    Collection<Throwable> failures = new ConcurrentLinkedQueue<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      Message message = Payload.rich(topic, i);
      Thread thread =
          new Thread(
              () -> {
                try {
                  sent.add(Sent.of(message, producer.send(message)));
                } catch (Throwable error) {
                  failures.add(error);
                }
              });
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertTrue(failures.isEmpty(), failures::toString);
    Deliveries.assertExactly(sent, clients.readAll(topic, sent.size()));
  }

  @Test
  void oneWaySendsArrive() throws Exception {
    String topic = TestRun.unique("oneway");
    DefaultMQProducer producer = clients.producer();
    Map<String, Message> byUniqueKey = new HashMap<>();
    for (Message message : Payload.richList(topic, 100)) {
      producer.sendOneway(message);
      byUniqueKey.put(message.getProperty("UNIQ_KEY"), message);
    }
    assertEquals(100, byUniqueKey.size());

    List<MessageExt> stored = clients.readAll(topic, 100);
    assertEquals(100, stored.size());
    for (MessageExt found : stored) {
      Message message = byUniqueKey.remove(found.getMsgId());
      assertArrayEquals(message.getBody(), found.getBody());
      assertEquals(message.getKeys(), found.getKeys());
      assertEquals(message.getTags(), found.getTags());
      assertEquals(Sent.userProperties(message), Sent.userProperties(found));
    }
    assertTrue(byUniqueKey.isEmpty(), () -> "lost: " + byUniqueKey.keySet());
  }

  @Test
  void aSelectorDecidesTheQueue() throws Exception {
    String topic = TestRun.unique("selector");
    DefaultMQProducer producer = clients.producer();
    List<Sent> sent = new ArrayList<>();
    Map<Integer, List<Sent>> byOrder = new HashMap<>();
    for (Message message : Payload.richList(topic, 40)) {
      int order = sent.size() % 5;
      Sent one =
          Sent.of(
              message,
              producer.send(
                  message,
                  (queues, subject, argument) -> queues.get((Integer) argument % queues.size()),
                  order));
      sent.add(one);
      byOrder.computeIfAbsent(order, key -> new ArrayList<>()).add(one);
    }
    Message hashed = Payload.rich(topic, 40);
    sent.add(
        Sent.of(hashed, producer.send(hashed, new SelectMessageQueueByHash(), "some order id")));

    byOrder.forEach(
        (order, ones) -> {
          assertEquals(1, ones.stream().map(Sent::queueId).distinct().count(), "order " + order);
          for (int i = 1; i < ones.size(); i++) {
            assertTrue(ones.get(i).queueOffset() > ones.get(i - 1).queueOffset(), "order kept");
          }
        });
    Deliveries.assertExactly(sent, clients.readAll(topic, sent.size()));
  }

  @Test
  void aFixedQueueReceivesSyncAsyncAndOneWay() throws Exception {
    String topic = TestRun.unique("fixed");
    DefaultMQProducer producer = clients.producer();
    Compat.createTopic(producer, topic, 4);
    MessageQueue queue = queue(producer, topic, 2);
    Message sync = Payload.rich(topic, 0);
    Sent first = Sent.of(sync, producer.send(sync, queue));
    assertEquals(2, first.queueId());
    assertEquals(0, first.queueOffset());

    CountDownLatch answered = new CountDownLatch(1);
    AtomicReference<SendResult> result = new AtomicReference<>();
    Message async = Payload.rich(topic, 1);
    producer.send(
        async,
        queue,
        new SendCallback() {
          @Override
          public void onSuccess(SendResult value) {
            result.set(value);
            answered.countDown();
          }

          @Override
          public void onException(Throwable error) {
            answered.countDown();
          }
        });
    assertTrue(answered.await(30, TimeUnit.SECONDS));
    Sent second = Sent.of(async, result.get());
    assertEquals(1, second.queueOffset());
    producer.sendOneway(Payload.rich(topic, 2), queue);

    List<MessageExt> stored = clients.readAll(topic, 3);
    assertEquals(3, stored.size());
    Deliveries.assertSame(first, stored.get(0));
    Deliveries.assertSame(second, stored.get(1));
    assertEquals(2, stored.get(2).getQueueId());
    assertEquals(2, stored.get(2).getQueueOffset());
    assertArrayEquals(Payload.rich(topic, 2).getBody(), stored.get(2).getBody());
  }

  @Test
  void aCreatedTopicHasTheQueuesAskedFor() throws Exception {
    String topic = TestRun.unique("created");
    DefaultMQProducer producer = clients.producer();
    Compat.createTopic(producer, topic, 7);
    assertEquals(7, producer.fetchPublishMessageQueues(topic).size());
    List<Sent> sent = Clients.sendAll(producer, Payload.richList(topic, 14));
    assertEquals(7, sent.stream().map(Sent::queueId).distinct().count());
    Deliveries.assertExactly(sent, clients.readAll(topic, sent.size()));
  }

  @Test
  void aBareMessageStaysBare() throws Exception {
    String topic = TestRun.unique("bare");
    Message message = new Message(topic, new byte[] {0});
    Sent sent = Sent.of(message, clients.producer().send(message));
    MessageExt stored = clients.readAll(topic, 1).get(0);
    Deliveries.assertSame(sent, stored);
    assertNull(stored.getTags());
    assertNull(stored.getKeys());
    assertTrue(Sent.userProperties(stored).isEmpty());
  }

  @Test
  void propertiesCarryUnicodeAndLongValues() throws Exception {
    String topic = TestRun.unique("unicode");
    Message message = new Message(topic, "标签", "ключ one two", "тело".getBytes(StandardCharsets.UTF_8));
    message.putUserProperty("имя", "значение \u00e9\u0301 \uD83D\uDC69\u200D\uD83D\uDCBB");
    message.putUserProperty("long", "x".repeat(20_000));
    message.putUserProperty("lines", "a\nb\r\nc\td");
    Sent sent = Sent.of(message, clients.producer().send(message));
    Deliveries.assertExactly(List.of(sent), clients.readAll(topic, 1));
  }

  @Test
  void theVipChannelTakesSendsOnThePortTwoBelow() throws Exception {
    String topic = TestRun.unique("vip");
    DefaultMQProducer producer = clients.newProducer();
    producer.setVipChannelEnabled(true);
    producer.start();
    List<Sent> sent = Clients.sendAll(producer, Payload.richList(topic, 20));
    Deliveries.assertExactly(sent, clients.readAll(topic, sent.size()));
  }

  @Test
  void theLongestTopicNameIsAccepted() throws Exception {
    String start = TestRun.unique("longest") + "-";
    String topic = start + "x".repeat(127 - start.length());
    List<Sent> sent = Clients.sendAll(clients.producer(), Payload.richList(topic, 3));
    Deliveries.assertExactly(sent, clients.readAll(topic, sent.size()));
  }

  private static MessageQueue queue(DefaultMQProducer producer, String topic, int queueId)
      throws Exception {
    return producer.fetchPublishMessageQueues(topic).stream()
        .filter(queue -> queue.getQueueId() == queueId)
        .findFirst()
        .orElseThrow();
  }

  private static void assertOffsetsAreDense(List<Sent> sent) {
    Map<Integer, Long> next = new HashMap<>();
    for (Sent one : sent) {
      assertEquals(next.getOrDefault(one.queueId(), 0L), one.queueOffset(), "no gap in a queue");
      next.put(one.queueId(), one.queueOffset() + 1);
    }
  }
}
