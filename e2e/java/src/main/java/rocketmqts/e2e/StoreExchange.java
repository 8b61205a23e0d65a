package rocketmqts.e2e;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.rocketmq.client.QueryResult;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageClientExt;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.remoting.exception.RemotingException;

/**
 * One broker's turn with a store that goes from hand to hand: checks everything that was
 * acknowledged in earlier turns, then writes more.
 *
 * <p>Options: {@code --namesrv}, {@code --topic}; {@code --verify} manifests of all earlier turns,
 * {@code --consumed} those among them that the group {@code --group} has read and committed,
 * {@code --strict true} when it must not see those again; {@code --write} manifest to write,
 * {@code --first} number of its first message, {@code --count}, {@code --endless true} to send until
 * the broker is gone. Ends with one line of JSON; exit code 1 with a list of what was wrong.
 */
public final class StoreExchange {
  private static final long PATIENCE_MS = 90_000;
  /** Messages of one batch, and of one stretch that is sent one by one. */
  private static final int STRETCH = 25;

  private final Options options;
  private final String topic;
  private final List<String> wrong = new ArrayList<>();
  private final StringBuilder summary = new StringBuilder();

  private StoreExchange(Options options) {
    this.options = options;
    this.topic = options.required("topic");
  }

  public static void main(String[] arguments) throws Exception {
    StoreExchange exchange = new StoreExchange(new Options(arguments));
    try {
      exchange.run();
    } catch (Exception error) {
      error.printStackTrace(System.out);
      exchange.wrong.add(error.toString());
    }
    exchange.wrong.stream().limit(20).forEach(line -> System.out.println("wrong: " + line));
    System.out.println(
        "{" + exchange.summary + "\"wrong\":" + exchange.wrong.size() + "}");
    System.exit(exchange.wrong.isEmpty() ? 0 : 1);
  }

  private void run() throws Exception {
    Map<Integer, ExchangeManifest.Entry> acknowledged =
        ExchangeManifest.read(options.text("verify", ""));
    DefaultMQProducer producer = new DefaultMQProducer("store-exchange");
    producer.setNamesrvAddr(options.namesrv());
    producer.setRetryTimesWhenSendFailed(0);
    producer.setSendMsgTimeout(15_000);
    producer.start();
    if (!acknowledged.isEmpty()) {
      verifyDeliveries(acknowledged);
      verifyQueries(producer, acknowledged);
    }
    Group group = acknowledged.isEmpty() ? null : resume(acknowledged);
    if (options.text("write", "").isEmpty()) {
      shutDown(group);
    } else if (options.text("endless", "false").equals("true")) {
      shutDown(group);
      write(producer, Integer.MAX_VALUE);
    } else {
      Map<Integer, ExchangeManifest.Entry> written = write(producer, options.number("count", 0));
      Group reader = group != null ? group : new Group(options.required("group"));
      reader.await(written.keySet(), "what was just written");
      shutDown(reader);
    }
    producer.shutdown();
  }

  /** A new group gets every acknowledged message once, where the manifest says, part by part. */
  private void verifyDeliveries(Map<Integer, ExchangeManifest.Entry> acknowledged)
      throws Exception {
    Group group = new Group("fresh-" + System.nanoTime());
    group.await(acknowledged.keySet(), "everything acknowledged");
    int unacknowledged = 0;
    Set<String> places = new HashSet<>();
    for (MessageExt found : group.received) {
      String difference = ExchangeMessage.difference(found);
      if (difference != null) {
        wrong.add(difference);
        continue;
      }
      if (!places.add(found.getQueueId() + "/" + found.getQueueOffset())) {
        wrong.add("twice: " + found);
      }
      ExchangeManifest.Entry entry = acknowledged.get(ExchangeMessage.indexOf(found));
      if (entry == null) {
        // Written, but the writer was killed before it heard so. It must be whole all the same.
        unacknowledged++;
      } else {
        checkPlace(entry, found);
      }
    }
    shutDown(group);
    summary.append("\"delivered\":").append(group.received.size()).append(',');
    summary.append("\"acknowledged\":").append(acknowledged.size()).append(',');
    summary.append("\"unacknowledged\":").append(unacknowledged).append(',');
  }

  private void checkPlace(ExchangeManifest.Entry entry, MessageExt found) {
    if (entry.queueId() != found.getQueueId() || entry.queueOffset() != found.getQueueOffset()) {
      wrong.add(entry + " is at " + found.getQueueId() + "/" + found.getQueueOffset());
    }
    if (!entry.msgId().equals(found.getMsgId())) {
      wrong.add(entry + " has unique id " + found.getMsgId());
    }
    if (found instanceof MessageClientExt client
        && !entry.offsetMsgId().equals(client.getOffsetMsgId())) {
      wrong.add(entry + " has offset id " + client.getOffsetMsgId());
    }
    if (found.getReconsumeTimes() != 0) {
      wrong.add(entry + " was consumed " + found.getReconsumeTimes() + " times before");
    }
  }

  /** By key, by unique key and by offset id; every 10th message, the first and the last ones. */
  private void verifyQueries(
      DefaultMQProducer producer, Map<Integer, ExchangeManifest.Entry> acknowledged)
      throws Exception {
    List<ExchangeManifest.Entry> entries = new ArrayList<>(acknowledged.values());
    int queried = 0;
    for (int i = 0; i < entries.size(); i++) {
      if (i % 10 != 0 && i > 5 && i < entries.size() - 30) {
        continue;
      }
      ExchangeManifest.Entry entry = entries.get(i);
      queried++;
      try {
        String key = ExchangeMessage.key(topic, entry.index());
        QueryResult byKey = producer.queryMessage(topic, key, 10, 0, Long.MAX_VALUE);
        if (byKey.getMessageList().size() != 1) {
          wrong.add(entry + " is found " + byKey.getMessageList().size() + " times by key");
        }
        byKey.getMessageList().forEach(found -> checkFound(entry, found));
        checkFound(entry, producer.viewMessage(topic, entry.msgId()));
        checkFound(entry, producer.viewMessage(topic, entry.offsetMsgId()));
      } catch (Exception error) {
        wrong.add(entry + " is not found: " + error);
      }
    }
    summary.append("\"queried\":").append(queried).append(',');
  }

  private void checkFound(ExchangeManifest.Entry entry, MessageExt found) {
    String difference = ExchangeMessage.difference(found);
    if (difference != null || ExchangeMessage.indexOf(found) != entry.index()) {
      wrong.add(entry + " found as something else: " + difference);
    } else if (entry.queueId() != found.getQueueId()
        || entry.queueOffset() != found.getQueueOffset()) {
      wrong.add(entry + " found at " + found.getQueueId() + "/" + found.getQueueOffset());
    }
  }

  /** The group of earlier turns goes on where the broker says it stopped. */
  private Group resume(Map<Integer, ExchangeManifest.Entry> acknowledged) throws Exception {
    Set<Integer> consumed = ExchangeManifest.read(options.text("consumed", "")).keySet();
    Set<Integer> due = new HashSet<>(acknowledged.keySet());
    due.removeAll(consumed);
    Group group = new Group(options.required("group"));
    group.await(due, "what the group has not read yet");
    // Time for what must not come.
    Thread.sleep(2_000);
    Set<Integer> again = new HashSet<>(group.seen);
    again.retainAll(consumed);
    if (options.text("strict", "false").equals("true") && !again.isEmpty()) {
      wrong.add(again.size() + " committed messages came again");
    }
    summary.append("\"resumed\":").append(due.size()).append(',');
    summary.append("\"again\":").append(again.size()).append(',');
    return group;
  }

  /** Stretches of single sends and batches in turn; endless means until a send fails. */
  private Map<Integer, ExchangeManifest.Entry> write(DefaultMQProducer producer, int count)
      throws Exception {
    String manifest = options.required("write");
    int first = options.number("first", 0);
    boolean endless = count == Integer.MAX_VALUE;
    try (PrintStream file = new PrintStream(Files.newOutputStream(Path.of(manifest)))) {
      for (int i = 0; i < count; i += STRETCH) {
        int size = Math.min(STRETCH, count - i);
        writeStretch(producer, file, first + i, size, i / STRETCH % 4 == 3);
      }
    } catch (RemotingException | MQClientException | MQBrokerException error) {
      if (!endless) {
        throw error;
      }
      summary.append("\"endedBy\":\"").append(error.getClass().getSimpleName()).append("\",");
    }
    Map<Integer, ExchangeManifest.Entry> written = ExchangeManifest.read(manifest);
    summary.append("\"written\":").append(written.size()).append(',');
    return written;
  }

  private void writeStretch(
      DefaultMQProducer producer, PrintStream file, int first, int size, boolean batch)
      throws Exception {
    List<Message> messages = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      messages.add(ExchangeMessage.of(topic, first + i));
    }
    if (batch) {
      ExchangeManifest.note(file, first, producer.send(messages));
      return;
    }
    for (int i = 0; i < size; i++) {
      SendResult result = producer.send(messages.get(i));
      ExchangeManifest.note(file, first + i, result);
    }
  }

  private static void shutDown(Group group) {
    if (group != null) {
      group.consumer.shutdown();
    }
  }

  /** A running push consumer and what it has had so far. */
  private final class Group {
    final Set<Integer> seen = ConcurrentHashMap.newKeySet();
    final ConcurrentLinkedQueue<MessageExt> received = new ConcurrentLinkedQueue<>();
    final DefaultMQPushConsumer consumer;

    Group(String name) throws Exception {
      consumer = new DefaultMQPushConsumer(name);
      consumer.setNamesrvAddr(options.namesrv());
      consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
      consumer.setHeartbeatBrokerInterval(2_000);
      consumer.setPollNameServerInterval(1_000);
      consumer.subscribe(topic, "*");
      consumer.registerMessageListener(
          (MessageListenerConcurrently)
              (messages, context) -> {
                for (MessageExt message : messages) {
                  received.add(message);
                  seen.add(ExchangeMessage.indexOf(message));
                }
                return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
              });
      consumer.start();
    }

    void await(Set<Integer> wanted, String what) throws InterruptedException {
      long deadlineMs = System.currentTimeMillis() + PATIENCE_MS;
      while (!seen.containsAll(wanted)) {
        if (System.currentTimeMillis() > deadlineMs) {
          Set<Integer> missing = new HashSet<>(wanted);
          missing.removeAll(seen);
          wrong.add(what + ": " + missing.size() + " missing, e.g. " + missing.iterator().next());
          return;
        }
        Thread.sleep(50);
      }
      // Late repeats and strangers.
      Thread.sleep(300);
    }
  }
}
