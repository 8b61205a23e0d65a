package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Compat;
import rocketmqts.e2e.support.Deliveries;
import rocketmqts.e2e.support.Inbox;
import rocketmqts.e2e.support.Payload;
import rocketmqts.e2e.support.Sent;
import rocketmqts.e2e.support.TestRun;

/** Bodies near the limit of 4 MiB, beyond it, and those the client compresses. */
class BigMessageTest extends ClientTest {
  private static final int MIB = 1024 * 1024;
  private static final int MESSAGE_ILLEGAL = 13;

  @Test
  void almostFourMebibytesGoThroughAndComeBackByPush() throws Exception {
    String topic = TestRun.unique("large");
    DefaultMQProducer producer = clients.producer();
    Message message = new Message(topic, "Large", Payload.incompressible(7, (int) (3.9 * MIB)));
    message.putUserProperty("kind", "large");
    Sent sent = Sent.of(message, producer.send(message));
    Inbox inbox = new Inbox();
    clients.pushConsumer(TestRun.unique("large"), topic, inbox);
    inbox.awaitExactly(List.of(sent));
  }

  @Test
  void exactlyFourMebibytesAreTheLimitOfTheBroker() throws Exception {
    String topic = TestRun.unique("limit");
    DefaultMQProducer producer = clients.newProducer();
    producer.setMaxMessageSize(8 * MIB);
    // Noise grows when it is compressed, and the limit is about what arrives.
    producer.setCompressMsgBodyOverHowmuch(Integer.MAX_VALUE);
    producer.start();
    Message fits = new Message(topic, Payload.incompressible(1, 4 * MIB));
    Sent sent = Sent.of(fits, producer.send(fits));

    Message tooBig = new Message(topic, Payload.incompressible(2, 4 * MIB + 1));
    MQBrokerException refused =
        assertThrows(MQBrokerException.class, () -> producer.send(tooBig));
    assertEquals(MESSAGE_ILLEGAL, refused.getResponseCode());

    // The refusal must not harm the connection or the queue.
    Message after = new Message(topic, "after".getBytes(StandardCharsets.UTF_8));
    Sent sentAfter = Sent.of(after, producer.send(after));
    Deliveries.assertExactly(List.of(sent, sentAfter), clients.readAll(topic, 2));
  }

  @Test
  void theClientRefusesAboveItsOwnLimit() throws Exception {
    DefaultMQProducer producer = clients.producer();
    Message tooBig = new Message(TestRun.unique("toobig"), new byte[4 * MIB + 1]);
    MQClientException refused =
        assertThrows(MQClientException.class, () -> producer.send(tooBig));
    assertEquals(MESSAGE_ILLEGAL, refused.getResponseCode());
  }

  @ParameterizedTest
  @ValueSource(strings = {"DEFAULT", "ZLIB", "LZ4", "ZSTD"})
  void compressedBodiesAreStoredSmallAndArriveWhole(String type) throws Exception {
    DefaultMQProducer producer = clients.newProducer();
    if (!type.equals("DEFAULT")) {
      Assumptions.assumeTrue(
          Compat.compressWith(producer, type),
          "client " + TestRun.CLIENT_VERSION + " cannot choose its compression");
    }
    producer.start();
    String topic = TestRun.unique("compressed");
    byte[] body = "compress me, 压缩我 ".repeat(20_000).getBytes(StandardCharsets.UTF_8);
    Message message = new Message(topic, "Zip", "zipped", body);
    // The client swaps the body while it sends, so the original is kept here.
    Sent sent = Sent.of(message, producer.send(message));
    assertArrayEquals(body, sent.body());

    Inbox inbox = new Inbox();
    clients.pushConsumer(TestRun.unique("compressed"), topic, inbox);
    inbox.awaitExactly(List.of(sent));
    MessageExt found = inbox.messages().get(0);
    assertTrue(found.getStoreSize() < body.length / 10, "stored " + found.getStoreSize());
  }

  @Test
  void bodiesUnderTheThresholdAreNotCompressed() throws Exception {
    String topic = TestRun.unique("uncompressed");
    Message message = new Message(topic, "a".repeat(4_000).getBytes(StandardCharsets.UTF_8));
    Sent sent = Sent.of(message, clients.producer().send(message));
    MessageExt found = clients.readAll(topic, 1).get(0);
    Deliveries.assertSame(sent, found);
    assertTrue(found.getStoreSize() > 4_000);
  }
}
