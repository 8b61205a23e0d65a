package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Deliveries;
import rocketmqts.e2e.support.Payload;
import rocketmqts.e2e.support.RawRequest;
import rocketmqts.e2e.support.Sent;
import rocketmqts.e2e.support.TestRun;

/** What must not be stored is refused, by the client or by the broker itself, and harms nothing. */
class RefusalTest extends ClientTest {
  @ParameterizedTest
  @ValueSource(strings = {"with space", "dot.ted", "sl/ash", "тема", "", "semi;colon"})
  void theClientRefusesIllegalTopicNames(String topic) throws Exception {
    DefaultMQProducer producer = clients.producer();
    assertThrows(
        MQClientException.class, () -> producer.send(new Message(topic, new byte[] {1})));
  }

  @Test
  void theClientRefusesTooLongTopicNames() throws Exception {
    DefaultMQProducer producer = clients.producer();
    assertThrows(
        MQClientException.class,
        () -> producer.send(new Message("t".repeat(128), new byte[] {1})));
  }

  @ParameterizedTest
  @ValueSource(strings = {"with space", "dot.ted", "sl/ash"})
  void theBrokerRefusesIllegalTopicNames(String topic) throws Exception {
    assertRefused(topic, 0, new byte[] {1});
  }

  @Test
  void theBrokerRefusesTooLongTopicNames() throws Exception {
    assertRefused("t".repeat(128), 0, new byte[] {1});
  }

  @ParameterizedTest
  @ValueSource(strings = {"SCHEDULE_TOPIC_XXXX", "RMQ_SYS_TRANS_HALF_TOPIC", "OFFSET_MOVED_EVENT"})
  void theBrokerRefusesSendsToItsOwnTopics(String topic) throws Exception {
    assertRefused(topic, 0, new byte[] {1});
  }

  @Test
  void theBrokerRefusesAQueueOutOfRange() throws Exception {
    String topic = TestRun.unique("range");
    DefaultMQProducer producer = clients.producer();
    Message message = Payload.rich(topic, 0);
    Sent sent = Sent.of(message, producer.send(message));
    MessageQueue outside = new MessageQueue(topic, sent.brokerName(), 99);
    MQBrokerException refused =
        assertThrows(
            MQBrokerException.class, () -> producer.send(Payload.rich(topic, 1), outside));
    assertTrue(refused.getResponseCode() != 0, refused::toString);
    assertTrue(refused.getErrorMessage().contains("99"), refused::getErrorMessage);
    Deliveries.assertExactly(List.of(sent), clients.readAll(topic, 1));
  }

  @Test
  void anUnknownRequestCodeIsAnsweredAsNotSupported() throws Exception {
    DefaultMQProducer producer = clients.producer();
    String broker = connectedBroker(producer);
    RemotingCommand answer = RawRequest.invoke(producer, broker, 29_999, Map.of(), null);
    assertEquals(3, answer.getCode());
    assertNotNull(answer.getRemark());

    RemotingCommand fromNameserver =
        RawRequest.invoke(producer, TestRun.NAMESRV.split(";")[0], 29_999, Map.of(), null);
    assertEquals(3, fromNameserver.getCode());
  }

  @Test
  void readingAnUnknownTopicNamesIt() throws Exception {
    DefaultMQProducer producer = clients.producer();
    String topic = TestRun.unique("unknown");
    MQClientException refused =
        assertThrows(
            MQClientException.class,
            () -> clients.pullConsumer(TestRun.unique("g")).fetchSubscribeMessageQueues(topic));
    assertTrue(
        refused.getMessage().contains(topic) || String.valueOf(refused.getCause()).contains(topic),
        refused::toString);
    assertThrows(MQClientException.class, () -> producer.fetchPublishMessageQueues(topic));
  }

  /** The broker answers with an error and a reason, and still takes the next message. */
  private void assertRefused(String topic, int queueId, byte[] body) throws Exception {
    DefaultMQProducer producer = clients.producer();
    String broker = connectedBroker(producer);
    RemotingCommand answer = RawRequest.send(producer, broker, topic, queueId, body);
    assertTrue(answer.getCode() != 0, "refused, but the answer was code 0");
    assertNotNull(answer.getRemark(), "reason");

    String good = TestRun.unique("good");
    Message message = Payload.rich(good, 0);
    Sent sent = Sent.of(message, producer.send(message));
    Deliveries.assertExactly(List.of(sent), clients.readAll(good, 1));
  }

  /** A first send makes the client look up and connect to the broker. */
  private static String connectedBroker(DefaultMQProducer producer) throws Exception {
    Message message = Payload.rich(TestRun.unique("connect"), 0);
    return RawRequest.brokerAddress(producer, Sent.of(message, producer.send(message)).brokerName());
  }
}
