package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Eventually;
import rocketmqts.e2e.support.TestRun;

/** One message stands in its topic and in every light queue that it names. */
class LightQueueTest extends ClientTest {
  @Test
  void aLightQueueHasWhatWasSentToItsName() throws Exception {
    String topic = TestRun.unique("light");
    String one = "%LMQ%" + TestRun.unique("one");
    String two = "%LMQ%" + TestRun.unique("two");
    DefaultMQProducer producer = clients.producer();
    String brokerName = null;
    for (int i = 0; i < 10; i++) {
      Message message = new Message(topic, ("light " + i).getBytes(StandardCharsets.UTF_8));
      MessageAccessor.putProperty(
          message, "INNER_MULTI_DISPATCH", i % 2 == 0 ? one + "," + two : two);
      SendResult result = producer.send(message);
      brokerName = result.getMessageQueue().getBrokerName();
    }
    DefaultMQPullConsumer consumer = clients.pullConsumer("%LMQ%" + TestRun.unique("group"));
    // The route of the parent topic tells the client where the broker is.
    consumer
        .getDefaultMQPullConsumerImpl()
        .getRebalanceImpl()
        .getmQClientFactory()
        .updateTopicRouteInfoFromNameServer(topic);
    assertEquals(
        List.of("light 0", "light 2", "light 4", "light 6", "light 8"),
        pull(consumer, new MessageQueue(one, brokerName, 0)));
    assertEquals(10, pull(consumer, new MessageQueue(two, brokerName, 0)).size());
  }

  private static List<String> pull(DefaultMQPullConsumer consumer, MessageQueue queue) {
    PullResult found =
        Eventually.value(
            "messages of " + queue,
            () -> {
              PullResult result = consumer.pull(queue, "*", 0, 32);
              return result.getPullStatus() == PullStatus.FOUND ? result : null;
            });
    return found.getMsgFoundList().stream()
        .map(MessageExt::getBody)
        .map(body -> new String(body, StandardCharsets.UTF_8))
        .toList();
  }
}
