package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.MessageQueue;
import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Clients;
import rocketmqts.e2e.support.Eventually;
import rocketmqts.e2e.support.Inbox;
import rocketmqts.e2e.support.Payload;
import rocketmqts.e2e.support.RawRequest;
import rocketmqts.e2e.support.Sent;
import rocketmqts.e2e.support.TestRun;

/** The broker remembers how far a group has read. */
class ConsumerOffsetTest extends ClientTest {
  @Test
  void aRestartedConsumerGoesOnWhereItStopped() throws Exception {
    String topic = TestRun.unique("resume");
    String group = TestRun.unique("resume");
    DefaultMQProducer producer = clients.producer();
    List<Sent> before = Clients.sendEvenly(producer, Payload.richList(topic, 44));
    Inbox first = new Inbox();
    DefaultMQPushConsumer consumer = clients.pushConsumer(group, topic, first);
    first.awaitExactly(before);
    consumer.shutdown();

    for (MessageQueue queue : producer.fetchPublishMessageQueues(topic)) {
      long sentToQueue =
          before.stream().filter(one -> one.queueId() == queue.getQueueId()).count();
      Eventually.until(
          () -> "committed " + sentToQueue + " in " + queue,
          () -> RawRequest.committed(producer, group, queue) == sentToQueue);
    }

    List<Sent> after = Clients.sendEvenly(producer, Payload.richList(topic, 21));
    Inbox second = new Inbox();
    clients.pushConsumer(group, topic, second);
    second.awaitExactly(after);
  }

  @Test
  void aRunningConsumerCommitsEveryFewSeconds() throws Exception {
    String topic = TestRun.unique("commits");
    String group = TestRun.unique("commits");
    DefaultMQProducer producer = clients.producer();
    List<Sent> sent = Clients.sendEvenly(producer, Payload.richList(topic, 16));
    Inbox inbox = new Inbox();
    clients.pushConsumer(group, topic, inbox);
    inbox.awaitExactly(sent);
    for (MessageQueue queue : producer.fetchPublishMessageQueues(topic)) {
      Eventually.until(
          () -> "4 committed in " + queue,
          () -> RawRequest.committed(producer, group, queue) == 4);
    }
  }

  @Test
  void aGroupThatNeverReadHasNoOffset() throws Exception {
    String topic = TestRun.unique("never");
    DefaultMQProducer producer = clients.producer();
    Clients.sendEvenly(producer, Payload.richList(topic, 4));
    for (MessageQueue queue : producer.fetchPublishMessageQueues(topic)) {
      assertEquals(-1, RawRequest.committed(producer, TestRun.unique("never"), queue));
    }
  }
}
