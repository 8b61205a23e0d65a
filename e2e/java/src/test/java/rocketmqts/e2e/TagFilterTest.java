package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Clients;
import rocketmqts.e2e.support.Inbox;
import rocketmqts.e2e.support.Sent;
import rocketmqts.e2e.support.TestRun;

/** Subscriptions by tag; the broker filters by the tag's hash, the client by its text. */
class TagFilterTest extends ClientTest {
  /** "Aa" and "BB" have one hash code in Java, so a filter by hash alone would mix them up. */
  private static final String[] TAGS = {"A", "B", "C", "Aa", "BB", "métrique", null};

  @ParameterizedTest
  @CsvSource({
    "A || B, A B",
    "A||B||C, A B C",
    "Aa, Aa",
    "BB || C, BB C",
    "métrique, métrique",
    "nobody || A, A"
  })
  void onlyTheTagsOfTheExpressionArrive(String expression, String wanted) throws Exception {
    String topic = TestRun.unique("tags");
    List<Sent> sent = sendTagged(clients.producer(), topic);
    List<String> wantedTags = Arrays.asList(wanted.split(" "));
    Inbox inbox = subscribe(topic, expression);
    inbox.awaitExactly(
        sent.stream().filter(one -> wantedTags.contains(one.tags())).toList());
  }

  @Test
  void aStarMeansAllEvenWithoutTag() throws Exception {
    String topic = TestRun.unique("star");
    List<Sent> sent = sendTagged(clients.producer(), topic);
    subscribe(topic, "*").awaitExactly(sent);
  }

  @Test
  void aMatchBehindManyOthersIsFound() throws Exception {
    String topic = TestRun.unique("needle");
    DefaultMQProducer producer = clients.producer();
    List<Message> hay = new ArrayList<>();
    for (int i = 0; i < 900; i++) {
      hay.add(new Message(topic, "Hay", new byte[] {1, 2, 3}));
    }
    Sent.of(hay, producer.send(hay));
    Message needle = new Message(topic, "Needle", "found".getBytes(StandardCharsets.UTF_8));
    List<Sent> sent = new ArrayList<>(List.of(Sent.of(needle, producer.send(needle))));
    Inbox inbox = subscribe(topic, "Needle");
    inbox.awaitExactly(sent);

    // And when the pull is already held: others must not end it with a wrong message.
    Sent.of(hay, producer.send(hay));
    Message another = new Message(topic, "Needle", "again".getBytes(StandardCharsets.UTF_8));
    sent.add(Sent.of(another, producer.send(another)));
    inbox.awaitExactly(sent);
    assertEquals(2, inbox.count());
  }

  private static List<Sent> sendTagged(DefaultMQProducer producer, String topic) throws Exception {
    List<Message> messages = new ArrayList<>();
    for (int i = 0; i < 70; i++) {
      byte[] body = ("tagged " + i).getBytes(StandardCharsets.UTF_8);
      String tag = TAGS[i % TAGS.length];
      messages.add(tag == null ? new Message(topic, body) : new Message(topic, tag, body));
    }
    return Clients.sendAll(producer, messages);
  }

  private Inbox subscribe(String topic, String expression) throws Exception {
    Inbox inbox = new Inbox();
    DefaultMQPushConsumer consumer = clients.newPushConsumer(TestRun.unique("tags"));
    consumer.subscribe(topic, expression);
    consumer.registerMessageListener(inbox);
    consumer.start();
    return inbox;
  }
}
