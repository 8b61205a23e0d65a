package rocketmqts.e2e.support;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Makes clients for one test and shuts down, newest first, whatever the test left running. */
public final class Clients implements AutoCloseable {
  private final Deque<Runnable> shutdowns = new ArrayDeque<>();
  private final String namesrv;

  /** Clients of the cluster that all tests share. */
  public Clients() {
    this(TestRun.NAMESRV);
  }

  /** Clients of another cluster. */
  public Clients(String namesrv) {
    this.namesrv = namesrv;
  }

  /** A started producer of a group of its own. */
  public DefaultMQProducer producer() throws Exception {
    DefaultMQProducer producer = newProducer();
    producer.start();
    return producer;
  }

  /** A producer still to be started, so that the test can change settings. */
  public DefaultMQProducer newProducer() {
    DefaultMQProducer producer = new DefaultMQProducer(TestRun.unique("pg"));
    configure(producer);
    producer.setSendMsgTimeout(15_000);
    shutdowns.push(producer::shutdown);
    return producer;
  }

  /** A producer still to be started that writes to the trace topic about each message. */
  public DefaultMQProducer newTracingProducer() {
    DefaultMQProducer producer = new DefaultMQProducer(TestRun.unique("pg"), true, null);
    configure(producer);
    producer.setSendMsgTimeout(15_000);
    shutdowns.push(producer::shutdown);
    return producer;
  }

  /** A push consumer still to be started that writes to the trace topic about each message. */
  public DefaultMQPushConsumer newTracingConsumer(String group) {
    DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group, true, null);
    configure(consumer);
    consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
    shutdowns.push(consumer::shutdown);
    return consumer;
  }

  /** A producer of transactional messages still to be started. */
  public TransactionMQProducer newTransactionProducer(String group) {
    TransactionMQProducer producer = new TransactionMQProducer(group);
    configure(producer);
    producer.setSendMsgTimeout(15_000);
    shutdowns.push(producer::shutdown);
    return producer;
  }

  /** A push consumer still to be started; a new group reads from the first message on. */
  public DefaultMQPushConsumer newPushConsumer(String group) {
    DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group);
    configure(consumer);
    consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
    shutdowns.push(consumer::shutdown);
    return consumer;
  }

  /** A running push consumer that puts everything of a topic into the inbox. */
  public DefaultMQPushConsumer pushConsumer(String group, String topic, Inbox inbox)
      throws Exception {
    DefaultMQPushConsumer consumer = newPushConsumer(group);
    consumer.subscribe(topic, "*");
    consumer.registerMessageListener(inbox);
    consumer.start();
    return consumer;
  }

  /** A lite-pull consumer still to be started. */
  public DefaultLitePullConsumer newLitePullConsumer(String group) {
    DefaultLitePullConsumer consumer = new DefaultLitePullConsumer(group);
    configure(consumer);
    consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
    shutdowns.push(consumer::shutdown);
    return consumer;
  }

  /** A started pull consumer. */
  @SuppressWarnings("deprecation")
  public DefaultMQPullConsumer pullConsumer(String group) throws Exception {
    DefaultMQPullConsumer consumer = new DefaultMQPullConsumer(group);
    configure(consumer);
    shutdowns.push(consumer::shutdown);
    consumer.start();
    return consumer;
  }

  /** Queues of a topic that a running push consumer pulls from at this moment. */
  public static Set<MessageQueue> ownedQueues(DefaultMQPushConsumer consumer, String topic) {
    Set<MessageQueue> owned = new HashSet<>();
    consumer
        .getDefaultMQPushConsumerImpl()
        .getRebalanceImpl()
        .getProcessQueueTable()
        .keySet()
        .forEach(
            queue -> {
              if (queue.getTopic().equals(topic)) {
                owned.add(queue);
              }
            });
    return owned;
  }

  /** Waits until a push consumer has been given a number of queues of a topic. */
  public static void awaitQueues(DefaultMQPushConsumer consumer, String topic, int count) {
    Eventually.until(
        () -> "want " + count + " queues, own " + ownedQueues(consumer, topic),
        () -> ownedQueues(consumer, topic).size() == count);
  }

  /** Sends one after another and notes where each message went. */
  public static List<Sent> sendAll(DefaultMQProducer producer, Collection<Message> messages)
      throws Exception {
    List<Sent> sent = new ArrayList<>(messages.size());
    for (Message message : messages) {
      sent.add(Sent.of(message, producer.send(message)));
    }
    return sent;
  }

  /** The same, dealt out to the queues in turn, so that the test knows what each one holds. */
  public static List<Sent> sendEvenly(DefaultMQProducer producer, Collection<Message> messages)
      throws Exception {
    List<Sent> sent = new ArrayList<>(messages.size());
    for (Message message : messages) {
      SendResult result =
          producer.send(
              message,
              (queues, subject, turn) -> queues.get((Integer) turn % queues.size()),
              sent.size());
      sent.add(Sent.of(message, result));
    }
    return sent;
  }

  /**
   * Waits until a topic holds a number of messages and reads them: a broker may show a message to
   * consumers a moment after it has acknowledged it.
   */
  public List<MessageExt> readAll(String topic, int count) {
    return Eventually.value(
        count + " messages in " + topic,
        () -> {
          List<MessageExt> all = readNow(topic);
          return all.size() >= count ? all : null;
        });
  }

  /** Everything that is in a topic now, read queue by queue from its lowest to its highest offset. */
  @SuppressWarnings("deprecation")
  private List<MessageExt> readNow(String topic) throws Exception {
    DefaultMQPullConsumer reader = pullConsumer(TestRun.unique("reader"));
    List<MessageExt> all = new ArrayList<>();
    for (MessageQueue queue : reader.fetchSubscribeMessageQueues(topic)) {
      long queueOffset = reader.minOffset(queue);
      long endQueueOffset = reader.maxOffset(queue);
      while (queueOffset < endQueueOffset) {
        PullResult result = reader.pull(queue, "*", queueOffset, 32);
        if (result.getPullStatus() == PullStatus.FOUND) {
          all.addAll(result.getMsgFoundList());
        }
        queueOffset = Math.max(queueOffset, result.getNextBeginOffset());
      }
    }
    return all;
  }

  @Override
  public void close() {
    while (!shutdowns.isEmpty()) {
      shutdowns.pop().run();
    }
  }

  private void configure(ClientConfig client) {
    client.setNamesrvAddr(namesrv);
    // Default 30 s: a topic that appears during a test would be seen only after that long.
    client.setPollNameServerInterval(1_000);
    // Default 30 s. Client 5.x tells the broker of a changed subscription only if no other heartbeat
    // is under way; if one is, its pulls are refused until the next one.
    client.setHeartbeatBrokerInterval(2_000);
  }
}
