package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullCallback;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Compat;
import rocketmqts.e2e.support.Deliveries;
import rocketmqts.e2e.support.Eventually;
import rocketmqts.e2e.support.Payload;
import rocketmqts.e2e.support.Sent;
import rocketmqts.e2e.support.TestRun;

/** The plain pull consumer: one request per call, so every answer of the broker is seen as it is. */
@SuppressWarnings("deprecation")
class PullConsumerTest extends ClientTest {
  private DefaultMQProducer producer;
  private DefaultMQPullConsumer consumer;
  private MessageQueue queue;
  private final List<Sent> sent = new ArrayList<>();

  /** A topic of one queue with ten messages. */
  @BeforeEach
  void fill() throws Exception {
    String topic = TestRun.unique("pull");
    producer = clients.producer();
    Compat.createTopic(producer, topic, 1);
    for (Message message : Payload.richList(topic, 10)) {
      sent.add(Sent.of(message, producer.send(message)));
    }
    queue = new MessageQueue(topic, sent.get(0).brokerName(), 0);
    consumer = clients.pullConsumer(TestRun.unique("pull"));
    Eventually.until(() -> "all ten to be seen", () -> consumer.maxOffset(queue) == 10);
  }

  @Test
  void aPullGivesMessagesAndTheNextOffset() throws Exception {
    PullResult result = consumer.pull(queue, "*", 3, 4);
    assertEquals(PullStatus.FOUND, result.getPullStatus());
    assertEquals(7, result.getNextBeginOffset());
    assertEquals(0, result.getMinOffset());
    assertEquals(10, result.getMaxOffset());
    Deliveries.assertExactly(sent.subList(3, 7), result.getMsgFoundList());
    for (MessageExt message : result.getMsgFoundList()) {
      assertEquals("0", message.getProperty("MIN_OFFSET"));
      assertEquals("10", message.getProperty("MAX_OFFSET"));
    }
  }

  @Test
  void aPullAtTheEndFindsNothingNew() throws Exception {
    PullResult result = consumer.pull(queue, "*", 10, 32);
    assertEquals(PullStatus.NO_NEW_MSG, result.getPullStatus());
    assertEquals(10, result.getNextBeginOffset());
  }

  @Test
  void aPullBeyondTheEndIsToldWhereTheEndIs() throws Exception {
    PullResult result = consumer.pull(queue, "*", 1_000, 32);
    assertEquals(PullStatus.OFFSET_ILLEGAL, result.getPullStatus());
    assertEquals(10, result.getNextBeginOffset());
  }

  @Test
  void aPullByTagSkipsTheOthers() throws Exception {
    PullResult some = consumer.pull(queue, "TagB", 0, 32);
    assertEquals(PullStatus.FOUND, some.getPullStatus());
    assertEquals(10, some.getNextBeginOffset());
    Deliveries.assertExactly(
        sent.stream().filter(one -> one.tags().equals("TagB")).toList(), some.getMsgFoundList());

    PullResult none = consumer.pull(queue, "NoSuchTag", 0, 32);
    assertEquals(PullStatus.NO_MATCHED_MSG, none.getPullStatus());
    assertTrue(none.getNextBeginOffset() > 0, "moves on past what did not match");
  }

  @Test
  void aBlockingPullIsAnsweredWhenAMessageComes() throws Exception {
    CompletableFuture<PullResult> answer = new CompletableFuture<>();
    consumer.pullBlockIfNotFound(
        queue,
        "*",
        10,
        32,
        new PullCallback() {
          @Override
          public void onSuccess(PullResult result) {
            answer.complete(result);
          }

          @Override
          public void onException(Throwable error) {
            answer.completeExceptionally(error);
          }
        });
    Eventually.pause(1_500);
    assertTrue(!answer.isDone(), "held while there is nothing");
    Message message = Payload.rich(queue.getTopic(), 10);
    long sentNs = System.nanoTime();
    Sent one = Sent.of(message, producer.send(message));
    PullResult result = answer.get(30, TimeUnit.SECONDS);
    long waitedMs = (System.nanoTime() - sentNs) / 1_000_000;
    assertEquals(PullStatus.FOUND, result.getPullStatus());
    Deliveries.assertExactly(List.of(one), result.getMsgFoundList());
    assertTrue(waitedMs < 3_000, () -> "answered only after " + waitedMs + " ms");
  }

  @Test
  void aBlockingPullEndsEmptyAfterTheTimeItAskedFor() throws Exception {
    consumer.setBrokerSuspendMaxTimeMillis(2_000);
    long startNs = System.nanoTime();
    PullResult result = consumer.pullBlockIfNotFound(queue, "*", 10, 32);
    long tookMs = (System.nanoTime() - startNs) / 1_000_000;
    assertEquals(PullStatus.NO_NEW_MSG, result.getPullStatus());
    assertEquals(10, result.getNextBeginOffset());
    // Apache looks at held pulls every 5 s, so it may be that much late, never early.
    assertTrue(tookMs >= 1_900 && tookMs < 15_000, () -> "took " + tookMs + " ms");
  }

  @Test
  void offsetsOfTheGroupAreStoredAndFetched() throws Exception {
    Deliveries.assertExactly(
        sent.subList(0, 6), consumer.pull(queue, "*", 0, 6).getMsgFoundList());
    consumer.updateConsumeOffset(queue, 6);
    consumer.getOffsetStore().persist(queue);
    consumer.shutdown();
    DefaultMQPullConsumer next = clients.pullConsumer(consumer.getConsumerGroup());
    Eventually.until(() -> "offset 6 stored", () -> next.fetchConsumeOffset(queue, true) == 6);
    Deliveries.assertExactly(
        sent.subList(6, 10), next.pull(queue, "*", 6, 32).getMsgFoundList());
  }
}
