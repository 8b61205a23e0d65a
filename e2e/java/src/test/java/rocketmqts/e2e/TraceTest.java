package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Eventually;
import rocketmqts.e2e.support.Inbox;
import rocketmqts.e2e.support.Payload;
import rocketmqts.e2e.support.Sent;
import rocketmqts.e2e.support.TestRun;

/** Clients that trace write to a topic of the broker what became of each message. */
class TraceTest extends ClientTest {
  private static final String TRACE_TOPIC = "RMQ_SYS_TRACE_TOPIC";

  @Test
  void aMessageLeavesTracesOfItsSendAndItsConsumption() throws Exception {
    String topic = TestRun.unique("traced");
    String group = TestRun.unique("traced");
    DefaultMQProducer producer = clients.newTracingProducer();
    producer.start();
    Message message = Payload.rich(topic, 1);
    Sent sent = Sent.of(message, producer.send(message));
    Inbox inbox = new Inbox();
    DefaultMQPushConsumer consumer = clients.newTracingConsumer(group);
    consumer.subscribe(topic, "*");
    consumer.registerMessageListener(inbox);
    consumer.start();
    inbox.awaitExactly(List.of(sent));

    Inbox traces = new Inbox();
    clients.pushConsumer(TestRun.unique("tracereader"), TRACE_TOPIC, traces);
    for (String kind : List.of("Pub", "SubBefore", "SubAfter")) {
      Eventually.until(
          () -> "want a trace " + kind + ", have " + about(traces, sent),
          () -> about(traces, sent).stream().anyMatch(text -> text.startsWith(kind + "\u0001")));
    }
    String published = about(traces, sent).stream().filter(text -> text.startsWith("Pub")).findFirst().orElseThrow();
    List<String> fields = List.of(published.split("\u0001"));
    assertEquals("DefaultRegion", fields.get(2));
    assertEquals(topic, fields.get(4));
    assertTrue(published.contains(sent.msgId()), published);
    assertTrue(published.contains("true"), published);
  }

  /** Each record of the trace messages that names the message. */
  private static List<String> about(Inbox traces, Sent sent) {
    return traces.messages().stream()
        .map(MessageExt::getBody)
        .map(body -> new String(body, StandardCharsets.UTF_8))
        .flatMap(text -> List.of(text.split("\u0002")).stream())
        .filter(text -> text.contains(sent.msgId()))
        .collect(Collectors.toList());
  }
}
