package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.text.SimpleDateFormat;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Clients;
import rocketmqts.e2e.support.Compat;
import rocketmqts.e2e.support.Eventually;
import rocketmqts.e2e.support.Inbox;
import rocketmqts.e2e.support.Payload;
import rocketmqts.e2e.support.Sent;
import rocketmqts.e2e.support.TestRun;

/**
 * Where a group without committed offsets begins.
 *
 * <p>In clustering mode the broker answers 0 for a young queue (one whose first message is still in
 * memory), so all three settings read it from the start: a new topic's first messages are never
 * skipped (ConsumerManageProcessor#queryConsumerOffset). A broadcasting consumer keeps its offsets
 * itself, does not ask that question, and so shows what the settings mean on any other queue.
 */
class ConsumeFromWhereTest extends ClientTest {
  @ParameterizedTest
  @EnumSource(
      value = ConsumeFromWhere.class,
      names = {"CONSUME_FROM_FIRST_OFFSET", "CONSUME_FROM_LAST_OFFSET", "CONSUME_FROM_TIMESTAMP"})
  void aNewGroupReadsAYoungTopicFromItsStart(ConsumeFromWhere where) throws Exception {
    String topic = TestRun.unique("young");
    List<Sent> sent = Clients.sendAll(clients.producer(), Payload.richList(topic, 20));
    Inbox inbox = new Inbox();
    DefaultMQPushConsumer consumer = clients.newPushConsumer(TestRun.unique("young"));
    consumer.setConsumeFromWhere(where);
    consumer.subscribe(topic, "*");
    consumer.registerMessageListener(inbox);
    consumer.start();
    inbox.awaitExactly(sent);
  }

  @Test
  void firstOffsetMeansEverything() throws Exception {
    Split split = new Split();
    Inbox inbox = split.consume(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
    inbox.awaitExactly(split.all());
  }

  @Test
  void lastOffsetMeansOnlyWhatComesNext() throws Exception {
    Split split = new Split();
    Inbox inbox = split.consume(ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET);
    Eventually.pause(1_000);
    assertEquals(0, inbox.count());
    inbox.awaitExactly(split.sendMore());
  }

  @Test
  void timestampMeansWhatWasStoredFromThenOn() throws Exception {
    Split split = new Split();
    Inbox inbox = split.consume(ConsumeFromWhere.CONSUME_FROM_TIMESTAMP);
    inbox.awaitExactly(split.late);
  }

  /** Messages before and after a moment; the setting for the moment has a resolution of 1 s. */
  private final class Split {
    final String topic = TestRun.unique("where");
    final DefaultMQProducer producer = clients.producer();
    final List<Sent> early;
    final List<Sent> late;
    final String moment;

    Split() throws Exception {
      early = Clients.sendAll(producer, Payload.richList(topic, 12));
      Eventually.pause(2_100);
      moment = new SimpleDateFormat("yyyyMMddHHmmss").format(new Date());
      late = Clients.sendAll(producer, Payload.richList(topic, 8));
      clients.readAll(topic, 20);
    }

    List<Sent> all() {
      List<Sent> all = new ArrayList<>(early);
      all.addAll(late);
      return all;
    }

    List<Sent> sendMore() throws Exception {
      return Clients.sendAll(producer, Payload.richList(topic, 8));
    }

    Inbox consume(ConsumeFromWhere where) throws Exception {
      Inbox inbox = new Inbox();
      DefaultMQPushConsumer consumer = clients.newPushConsumer(TestRun.unique("where"));
      Compat.broadcasting(consumer);
      consumer.setInstanceName(topic);
      consumer.setConsumeFromWhere(where);
      consumer.setConsumeTimestamp(moment);
      consumer.subscribe(topic, "*");
      consumer.registerMessageListener(inbox);
      consumer.start();
      Clients.awaitQueues(consumer, topic, 4);
      return inbox;
    }
  }
}
