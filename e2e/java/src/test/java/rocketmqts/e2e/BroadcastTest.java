package rocketmqts.e2e;

import java.util.ArrayList;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Clients;
import rocketmqts.e2e.support.Compat;
import rocketmqts.e2e.support.Inbox;
import rocketmqts.e2e.support.Payload;
import rocketmqts.e2e.support.Sent;
import rocketmqts.e2e.support.TestRun;

/** Broadcasting: every member of the group gets everything and keeps its own offsets. */
class BroadcastTest extends ClientTest {
  @Test
  void everyMemberGetsEveryMessageAndResumesWhereItStopped() throws Exception {
    String topic = TestRun.unique("broadcast");
    String group = TestRun.unique("broadcast");
    DefaultMQProducer producer = clients.producer();
    List<Sent> sent = new ArrayList<>(Clients.sendAll(producer, Payload.richList(topic, 40)));
    Inbox one = new Inbox();
    Inbox two = new Inbox();
    DefaultMQPushConsumer first = member(group, topic, "one", one);
    member(group, topic, "two", two);
    one.awaitExactly(sent);
    two.awaitExactly(sent);

    List<Sent> more = Clients.sendAll(producer, Payload.richList(topic, 20));
    sent.addAll(more);
    one.awaitExactly(sent);
    two.awaitExactly(sent);

    first.shutdown();
    List<Sent> meanwhile = Clients.sendAll(producer, Payload.richList(topic, 10));
    sent.addAll(meanwhile);
    two.awaitExactly(sent);
    Inbox again = new Inbox();
    member(group, topic, "one", again);
    again.awaitExactly(meanwhile);
  }

  /** Members of one process need names, or the client would take them for the same member. */
  private DefaultMQPushConsumer member(String group, String topic, String name, Inbox inbox)
      throws Exception {
    DefaultMQPushConsumer consumer = clients.newPushConsumer(group);
    Compat.broadcasting(consumer);
    consumer.setInstanceName(group + "-" + name);
    consumer.subscribe(topic, "*");
    consumer.registerMessageListener(inbox);
    consumer.start();
    return consumer;
  }
}
