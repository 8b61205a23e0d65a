package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Clients;
import rocketmqts.e2e.support.Eventually;
import rocketmqts.e2e.support.Inbox;
import rocketmqts.e2e.support.Sent;
import rocketmqts.e2e.support.TestRun;

/** Subscriptions in SQL92; the broker filters, the client takes what comes. */
class SqlFilterTest extends ClientTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "n > 5 AND colour = 'red' OR size IS NULL | 0 6 7 9 12 14 15 18",
        "n BETWEEN 3 AND 5 | 3 4 5",
        "colour IN ('blue', 'green') AND n < 6 | 1 2 4 5",
        "NOT (colour = 'red') AND n >= 17 | 17 19",
        "TAGS = 'even' AND n = 8 | 8",
        "city = '東京' AND n <> 0 | 10",
        "n >= 18.5 | 19",
        "flag = TRUE AND n < 4 | 0 2"
      })
  void onlyWhatTheExpressionSaysArrives(String expression, String wanted) throws Exception {
    String topic = TestRun.unique("sql");
    List<Sent> sent = Clients.sendAll(clients.producer(), messages(topic));
    Set<Integer> numbers =
        List.of(wanted.trim().split(" ")).stream()
            .map(Integer::valueOf)
            .collect(Collectors.toSet());
    List<Sent> expected = new ArrayList<>();
    for (int n = 0; n < sent.size(); n++) {
      if (numbers.contains(n)) {
        expected.add(sent.get(n));
      }
    }
    subscribe(TestRun.unique("sql"), topic, expression).awaitExactly(expected);
  }

  @Test
  void aMatchIsFoundBehindManyOthersAndWhileThePullWaits() throws Exception {
    String topic = TestRun.unique("sqlneedle");
    DefaultMQProducer producer = clients.producer();
    List<Message> hay = new ArrayList<>();
    for (int i = 0; i < 900; i++) {
      hay.add(with(new Message(topic, new byte[] {1}), "needle", "no"));
    }
    Sent.of(hay, producer.send(hay));
    Message needle = with(new Message(topic, new byte[] {2}), "needle", "yes");
    List<Sent> sent = new ArrayList<>(List.of(Sent.of(needle, producer.send(needle))));
    Inbox inbox = subscribe(TestRun.unique("sqlneedle"), topic, "needle = 'yes'");
    inbox.awaitExactly(sent);
    Sent.of(hay, producer.send(hay));
    Message another = with(new Message(topic, new byte[] {3}), "needle", "yes");
    sent.add(Sent.of(another, producer.send(another)));
    inbox.awaitExactly(sent);
    assertEquals(2, inbox.count());
  }

  /** Two groups, two expressions, one topic: each gets its own. */
  @Test
  void groupsDoNotDisturbEachOther() throws Exception {
    String topic = TestRun.unique("sqltwo");
    Inbox low = subscribe(TestRun.unique("low"), topic, "n < 10");
    Inbox high = subscribe(TestRun.unique("high"), topic, "n >= 10");
    List<Sent> sent = Clients.sendAll(clients.producer(), messages(topic));
    low.awaitExactly(sent.subList(0, 10));
    high.awaitExactly(sent.subList(10, 20));
  }

  @Test
  void aMessageThatWasRefusedComesAgain() throws Exception {
    String topic = TestRun.unique("sqlretry");
    Map<String, Integer> tries = new ConcurrentHashMap<>();
    DefaultMQPushConsumer consumer = clients.newPushConsumer(TestRun.unique("sqlretry"));
    consumer.subscribe(topic, MessageSelector.bySql("n = 7"));
    consumer.registerMessageListener(
        (MessageListenerConcurrently)
            (batch, context) -> {
              context.setDelayLevelWhenNextConsume(1);
              batch.forEach(message -> tries.merge(message.getUserProperty("n"), 1, Integer::sum));
              return tries.values().stream().allMatch(count -> count >= 3)
                  ? ConsumeConcurrentlyStatus.CONSUME_SUCCESS
                  : ConsumeConcurrentlyStatus.RECONSUME_LATER;
            });
    consumer.start();
    Clients.sendAll(clients.producer(), messages(topic));
    Eventually.until(() -> "want three tries, have " + tries, () -> tries.getOrDefault("7", 0) == 3);
    assertEquals(Set.of("7"), tries.keySet());
  }

  @Test
  void aConsumerWithAnExpressionThatIsNoneDoesNotStart() throws Exception {
    String topic = TestRun.unique("sqlbad");
    Clients.sendAll(clients.producer(), messages(topic));
    DefaultMQPushConsumer consumer = clients.newPushConsumer(TestRun.unique("sqlbad"));
    consumer.subscribe(topic, MessageSelector.bySql("n > > 5"));
    consumer.registerMessageListener(new Inbox());
    MQClientException error = assertThrows(MQClientException.class, consumer::start);
    assertEquals(23, error.getResponseCode(), error::getMessage);
  }

  private static List<Message> messages(String topic) {
    String[] colours = {"red", "green", "blue"};
    List<Message> messages = new ArrayList<>();
    for (int n = 0; n < 20; n++) {
      byte[] body = ("number " + n).getBytes(StandardCharsets.UTF_8);
      Message message = new Message(topic, n % 2 == 0 ? "even" : "odd", body);
      message.putUserProperty("n", Integer.toString(n));
      message.putUserProperty("colour", colours[n % 3]);
      message.putUserProperty("flag", Boolean.toString(n % 2 == 0));
      if (n % 7 != 0) {
        message.putUserProperty("size", "L");
      }
      if (n % 10 == 0) {
        message.putUserProperty("city", "東京");
      }
      messages.add(message);
    }
    return messages;
  }

  private static Message with(Message message, String name, String value) {
    message.putUserProperty(name, value);
    return message;
  }

  private Inbox subscribe(String group, String topic, String expression) throws Exception {
    Inbox inbox = new Inbox();
    DefaultMQPushConsumer consumer = clients.newPushConsumer(group);
    consumer.subscribe(topic, MessageSelector.bySql(expression));
    consumer.registerMessageListener(inbox);
    consumer.start();
    return inbox;
  }
}
