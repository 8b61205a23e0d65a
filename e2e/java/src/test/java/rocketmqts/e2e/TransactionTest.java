package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.client.producer.TransactionSendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Compat;
import rocketmqts.e2e.support.Eventually;
import rocketmqts.e2e.support.Inbox;
import rocketmqts.e2e.support.Payload;
import rocketmqts.e2e.support.TestRun;

/** Transactional messages: committed ones arrive, rolled back ones never, the others are asked about. */
class TransactionTest extends ClientTest {
  @Test
  void aCommittedMessageArrivesAsItWasSentAndNamesItsTransaction() throws Exception {
    String topic = TestRun.unique("commit");
    Ledger ledger = new Ledger(message -> LocalTransactionState.COMMIT_MESSAGE);
    TransactionMQProducer producer = producer(TestRun.unique("commit"), ledger);
    Compat.createTopic(producer, topic, 4);
    Inbox inbox = new Inbox();
    clients.pushConsumer(TestRun.unique("commit"), topic, inbox);
    List<Message> messages = Payload.richList(topic, 50);
    List<TransactionSendResult> results = sendAll(producer, messages);
    inbox.await(50);
    Eventually.pause(500);
    assertEquals(50, inbox.count(), "deliveries, repeats included");
    Map<String, MessageExt> byId = new ConcurrentHashMap<>();
    inbox.messages().forEach(message -> byId.put(message.getMsgId(), message));
    for (int i = 0; i < results.size(); i++) {
      TransactionSendResult result = results.get(i);
      assertEquals(SendStatus.SEND_OK, result.getSendStatus());
      assertEquals(result.getMsgId(), result.getTransactionId());
      MessageExt found = byId.get(result.getMsgId());
      assertNotNull(found, "message " + result.getMsgId() + " did not arrive");
      assertEquals(result.getMsgId(), found.getTransactionId(), "transaction id at the consumer");
      assertEquals(result.getMessageQueue().getQueueId(), found.getQueueId(), "queue");
      Message sent = messages.get(i);
      assertEquals(new String(sent.getBody()), new String(found.getBody()));
      assertEquals(sent.getKeys(), found.getKeys());
      assertEquals(sent.getTags(), found.getTags());
      assertEquals(sent.getFlag(), found.getFlag());
      assertTrue(found.getPreparedTransactionOffset() >= 0);
    }
    assertEquals(0, ledger.checks.size(), "nothing that is decided is asked about");
  }

  @Test
  void aRolledBackMessageNeverArrives() throws Exception {
    String topic = TestRun.unique("rollback");
    Ledger ledger =
        new Ledger(
            message ->
                number(message) % 2 == 0
                    ? LocalTransactionState.COMMIT_MESSAGE
                    : LocalTransactionState.ROLLBACK_MESSAGE);
    TransactionMQProducer producer = producer(TestRun.unique("rollback"), ledger);
    Compat.createTopic(producer, topic, 4);
    Inbox inbox = new Inbox();
    clients.pushConsumer(TestRun.unique("rollback"), topic, inbox);
    sendAll(producer, numbered(topic, 40));
    inbox.await(20);
    // Longer than the age from which open transactions are asked about.
    Eventually.pause(10_000);
    assertEquals(20, inbox.count(), "deliveries, repeats included");
    inbox.messages().forEach(message -> assertEquals(0, number(message) % 2));
    assertEquals(0, ledger.checks.size(), "nothing that is decided is asked about");
  }

  @Test
  void anOpenTransactionIsAskedAboutUntilItIsDecided() throws Exception {
    String topic = TestRun.unique("open");
    Ledger ledger = new Ledger(message -> LocalTransactionState.UNKNOW);
    ledger.whenChecked =
        message ->
            number(message) % 2 == 0
                ? LocalTransactionState.COMMIT_MESSAGE
                : LocalTransactionState.ROLLBACK_MESSAGE;
    TransactionMQProducer producer = producer(TestRun.unique("open"), ledger);
    Compat.createTopic(producer, topic, 4);
    Inbox inbox = new Inbox();
    clients.pushConsumer(TestRun.unique("open"), topic, inbox);
    List<TransactionSendResult> results = sendAll(producer, numbered(topic, 10));
    assertEquals(0, inbox.count());
    inbox.await(5);
    Eventually.until(() -> "checked: " + ledger.checks.size(), () -> ledger.checks.size() == 10);
    Eventually.pause(2_000);
    assertEquals(5, inbox.count(), "deliveries, repeats included");
    Set<String> asked = new HashSet<>();
    ledger.checks.forEach(
        (id, checked) -> {
          asked.add(id);
          assertEquals(topic, checked.getTopic(), "the real topic");
          assertEquals(id, checked.getTransactionId());
        });
    results.forEach(result -> assertTrue(asked.contains(result.getMsgId())));
  }

  @Test
  void anotherMemberOfTheGroupIsAskedWhenTheFirstHasGone() throws Exception {
    String topic = TestRun.unique("heir");
    String group = TestRun.unique("heir");
    Ledger dying = new Ledger(message -> LocalTransactionState.UNKNOW);
    TransactionMQProducer first = producer(group, dying);
    Compat.createTopic(first, topic, 4);
    sendAll(first, numbered(topic, 5));
    first.shutdown();
    Ledger heir = new Ledger(message -> LocalTransactionState.COMMIT_MESSAGE);
    heir.whenChecked = message -> LocalTransactionState.COMMIT_MESSAGE;
    TransactionMQProducer second = producer(group, heir);
    // A producer makes itself known to the brokers that it has sent to.
    sendAll(second, numbered(topic, 1));
    Inbox inbox = new Inbox();
    clients.pushConsumer(TestRun.unique("heir"), topic, inbox);
    inbox.await(6);
    Eventually.pause(1_000);
    assertEquals(6, inbox.count(), "deliveries, repeats included");
    assertEquals(0, dying.checks.size());
    assertEquals(5, heir.checks.size());
  }

  @Test
  void aProducerThatDoesNotKnowYetIsAskedAgain() throws Exception {
    String topic = TestRun.unique("again");
    Ledger ledger = new Ledger(message -> LocalTransactionState.UNKNOW);
    AtomicInteger asked = new AtomicInteger();
    ledger.whenChecked =
        message ->
            asked.incrementAndGet() < 2
                ? LocalTransactionState.UNKNOW
                : LocalTransactionState.COMMIT_MESSAGE;
    TransactionMQProducer producer = producer(TestRun.unique("again"), ledger);
    Compat.createTopic(producer, topic, 1);
    Inbox inbox = new Inbox();
    clients.pushConsumer(TestRun.unique("again"), topic, inbox);
    sendAll(producer, numbered(topic, 1));
    inbox.await(1);
    assertEquals(2, asked.get());
  }

  private TransactionMQProducer producer(String group, Ledger ledger) throws Exception {
    TransactionMQProducer producer = clients.newTransactionProducer(group);
    producer.setTransactionListener(ledger);
    producer.start();
    return producer;
  }

  private static List<TransactionSendResult> sendAll(
      TransactionMQProducer producer, List<Message> messages) throws Exception {
    List<TransactionSendResult> results = new ArrayList<>();
    for (Message message : messages) {
      results.add(producer.sendMessageInTransaction(message, null));
    }
    return results;
  }

  private static List<Message> numbered(String topic, int count) {
    List<Message> messages = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Message message = new Message(topic, ("transaction " + i).getBytes());
      message.putUserProperty("number", String.valueOf(i));
      messages.add(message);
    }
    return messages;
  }

  private static int number(Message message) {
    return Integer.parseInt(message.getUserProperty("number"));
  }

  /** The producer's side: what it says at once, and what when it is asked. */
  private static final class Ledger implements TransactionListener {
    private final Function<Message, LocalTransactionState> atOnce;
    volatile Function<Message, LocalTransactionState> whenChecked =
        message -> LocalTransactionState.UNKNOW;

    /** By transaction id. */
    final Map<String, MessageExt> checks = new ConcurrentHashMap<>();

    Ledger(Function<Message, LocalTransactionState> atOnce) {
      this.atOnce = atOnce;
    }

    @Override
    public LocalTransactionState executeLocalTransaction(Message message, Object argument) {
      return atOnce.apply(message);
    }

    @Override
    public LocalTransactionState checkLocalTransaction(MessageExt message) {
      checks.put(message.getTransactionId(), message);
      return whenChecked.apply(message);
    }
  }
}
