package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.impl.consumer.RebalanceImpl;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.tools.command.MQAdminStartup;
import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Clients;
import rocketmqts.e2e.support.Deliveries;
import rocketmqts.e2e.support.Eventually;
import rocketmqts.e2e.support.Inbox;
import rocketmqts.e2e.support.JavaProcess;
import rocketmqts.e2e.support.Payload;
import rocketmqts.e2e.support.RawRequest;
import rocketmqts.e2e.support.Sent;
import rocketmqts.e2e.support.TestRun;

/** Apache's own {@code mqadmin setConsumeMode} takes a running push consumer from pull to pop and back. */
class PopModeTest extends ClientTest {
  private final String topic = TestRun.unique("popmode");
  private final String group = TestRun.unique("popmode");
  private final Inbox inbox = new Inbox();

  @Test
  void aRunningConsumerIsSwitchedToPopAndBack() throws Exception {
    DefaultMQProducer producer = clients.producer();
    List<Sent> before = Clients.sendEvenly(producer, Payload.richList(topic, 8));
    DefaultMQPushConsumer consumer = clients.newPushConsumer(group);
    consumer.setClientRebalance(false);
    consumer.subscribe(topic, "*");
    consumer.registerMessageListener(inbox);
    consumer.start();
    assertArrived(before, 0, false);
    awaitCommitted(producer);

    setConsumeMode(producer, "POP");
    awaitMode(consumer, true);
    List<Sent> popped = Clients.sendEvenly(producer, Payload.richList(topic, 40));
    assertArrived(popped, before.size(), true);
    awaitCommitted(producer);

    setConsumeMode(producer, "PULL");
    awaitMode(consumer, false);
    List<Sent> after = Clients.sendEvenly(producer, Payload.richList(topic, 40));
    assertArrived(after, before.size() + popped.size(), false);
  }

  /** Everything came once, and each message in the way that the mode means: a popped one has a handle. */
  private void assertArrived(List<Sent> sent, int earlierCount, boolean popped) {
    inbox.await(earlierCount + sent.size());
    Eventually.pause(300);
    List<MessageExt> all = inbox.messages();
    assertEquals(earlierCount + sent.size(), all.size(), "deliveries, repeats included");
    List<MessageExt> news = all.subList(earlierCount, all.size());
    Deliveries.assertExactly(sent, news);
    Set<Boolean> handles =
        news.stream()
            .map(message -> message.getProperty(MessageConst.PROPERTY_POP_CK) != null)
            .collect(Collectors.toSet());
    assertEquals(Set.of(popped), handles, "messages with a handle of pop");
  }

  /** The broker has noted everything as consumed; until then a switch may bring some of it again. */
  private void awaitCommitted(DefaultMQProducer producer) throws Exception {
    for (MessageQueue queue : producer.fetchPublishMessageQueues(topic)) {
      Eventually.until(
          () -> "committed in " + queue,
          () -> RawRequest.committed(producer, group, queue) == producer.maxOffset(queue));
    }
  }

  /** The client asks the broker every 20 s; here it is made to ask at once. */
  private void awaitMode(DefaultMQPushConsumer consumer, boolean pop) {
    RebalanceImpl rebalance = consumer.getDefaultMQPushConsumerImpl().getRebalanceImpl();
    Eventually.until(
        () -> pop ? "still pulls" : "still pops",
        () -> {
          rebalance.doRebalance(false);
          return ofTopic(rebalance.getPopProcessQueueTable().keySet()) == pop
              && ofTopic(rebalance.getProcessQueueTable().keySet()) != pop;
        });
  }

  private boolean ofTopic(Set<MessageQueue> queues) {
    return queues.stream().anyMatch(queue -> queue.getTopic().equals(topic));
  }

  private void setConsumeMode(DefaultMQProducer producer, String mode) throws Exception {
    String broker = producer.fetchPublishMessageQueues(topic).get(0).getBrokerName();
    String address = RawRequest.brokerAddress(producer, broker);
    try (JavaProcess mqadmin =
        JavaProcess.start(
            MQAdminStartup.class,
            "setConsumeMode",
            "-n", TestRun.NAMESRV,
            "-b", address,
            "-t", topic,
            "-g", group,
            "-m", mode)) {
      // It ends with 0 also when it has failed.
      assertEquals(0, mqadmin.exitCode(), mqadmin::output);
      assertTrue(
          mqadmin.output().contains("set consume mode to " + address + " success."),
          mqadmin::output);
    }
  }
}
