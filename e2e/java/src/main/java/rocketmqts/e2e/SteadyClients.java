package rocketmqts.e2e;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;

/**
 * An application that sends and receives all the time while operators change the cluster under it.
 *
 * <p>It sends numbered messages until standard input ends, each one again until it is acknowledged, then waits until all of
 * them were received. Each second it prints a line of JSON, and at the end one with {@code "end":true}. Exit code 1 when one
 * is missing. Options: {@code --namesrv}, {@code --topic}, {@code --group}, {@code --rate} messages a second,
 * {@code --settle} seconds for the end, {@code --poll} ms between two looks at the route (the client's default is 30 000).
 */
public final class SteadyClients {
  private final Set<Integer> acknowledged = ConcurrentHashMap.newKeySet();
  private final Map<Integer, Integer> received = new ConcurrentHashMap<>();
  private final Map<String, AtomicInteger> receivedFrom = new ConcurrentHashMap<>();
  private final Map<String, AtomicInteger> sentTo = new ConcurrentHashMap<>();
  private final AtomicInteger failures = new AtomicInteger();
  private final Pauses sends = new Pauses();
  private final Pauses receipts = new Pauses();
  private volatile boolean ending;
  private volatile boolean sending = true;

  private SteadyClients() {}

  /** The longest time between two events of a kind: what a user sees of a switch. */
  private static final class Pauses {
    private final AtomicLong lastNanos = new AtomicLong();
    private final AtomicLong longestNanos = new AtomicLong();

    void event() {
      long now = System.nanoTime();
      long before = lastNanos.getAndSet(now);
      if (before != 0) {
        longestNanos.accumulateAndGet(now - before, Math::max);
      }
    }

    long longestMs() {
      return longestNanos.get() / 1_000_000;
    }
  }

  public static void main(String[] arguments) throws Exception {
    System.exit(new SteadyClients().run(new Options(arguments)) ? 0 : 1);
  }

  private boolean run(Options options) throws Exception {
    String topic = options.required("topic");
    int pollMs = options.number("poll", 30_000);
    DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(options.text("group", "steady_consumer"));
    consumer.setNamesrvAddr(options.namesrv());
    consumer.setPollNameServerInterval(pollMs);
    consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
    consumer.subscribe(topic, "*");
    consumer.registerMessageListener(
        (MessageListenerConcurrently)
            (messages, context) -> {
              String broker = context.getMessageQueue().getBrokerName();
              messages.forEach(message -> receive(new String(message.getBody(), StandardCharsets.UTF_8), broker));
              return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
            });
    consumer.start();
    DefaultMQProducer producer = new DefaultMQProducer("steady_producer");
    producer.setNamesrvAddr(options.namesrv());
    producer.setPollNameServerInterval(pollMs);
    producer.start();

    Thread sender = new Thread(() -> sendAll(producer, topic, options.number("rate", 200)), "sender");
    sender.start();
    Thread reporter = new Thread(this::reportEachSecond, "reporter");
    reporter.setDaemon(true);
    reporter.start();
    while (System.in.read() >= 0) {
      // what it says does not matter, only that it ends
    }
    ending = true;
    sender.join();
    sending = false;
    long deadline = System.nanoTime() + options.number("settle", 90) * 1_000_000_000L;
    while (missing() > 0 && System.nanoTime() < deadline) {
      Thread.sleep(50);
    }
    producer.shutdown();
    consumer.shutdown();
    System.out.println(report(true));
    return missing() == 0 && !acknowledged.isEmpty();
  }

  private void sendAll(DefaultMQProducer producer, String topic, int rate) {
    for (int number = 0; !ending; number++) {
      byte[] body = Integer.toString(number).getBytes(StandardCharsets.UTF_8);
      while (!sendOne(producer, new Message(topic, "Tag", "key-" + number, body), number)) {
        failures.incrementAndGet();
        sleep(50);
      }
      sleep(1000 / rate);
    }
  }

  private boolean sendOne(DefaultMQProducer producer, Message message, int number) {
    try {
      SendResult result = producer.send(message);
      if (result.getSendStatus() != SendStatus.SEND_OK) {
        return false;
      }
      acknowledged.add(number);
      sentTo.computeIfAbsent(result.getMessageQueue().getBrokerName(), name -> new AtomicInteger()).incrementAndGet();
      sends.event();
      return true;
    } catch (Exception refused) {
      return false;
    }
  }

  private void receive(String body, String broker) {
    if (received.merge(Integer.parseInt(body), 1, Integer::sum) == 1) {
      receivedFrom.computeIfAbsent(broker, name -> new AtomicInteger()).incrementAndGet();
    }
    // What comes after the last send says nothing about pauses.
    if (sending) {
      receipts.event();
    }
  }

  private long missing() {
    return acknowledged.stream().filter(number -> !received.containsKey(number)).count();
  }

  private void reportEachSecond() {
    while (true) {
      System.out.println(report(false));
      sleep(1000);
    }
  }

  private String report(boolean end) {
    long repeated = received.values().stream().filter(count -> count > 1).count();
    return String.format(
        "{\"end\":%b,\"acknowledged\":%d,\"received\":%d,\"missing\":%d,\"repeated\":%d,\"failedSends\":%d,"
            + "\"longestSendPauseMs\":%d,\"longestReceivePauseMs\":%d,\"sentTo\":%s,\"receivedFrom\":%s}",
        end,
        acknowledged.size(),
        received.size(),
        missing(),
        repeated,
        failures.get(),
        sends.longestMs(),
        receipts.longestMs(),
        json(sentTo),
        json(receivedFrom));
  }

  private static String json(Map<String, AtomicInteger> counts) {
    StringBuilder text = new StringBuilder("{");
    counts.forEach((name, count) -> text.append(text.length() > 1 ? "," : "").append('"').append(name).append("\":").append(count));
    return text.append('}').toString();
  }

  private static void sleep(int ms) {
    try {
      Thread.sleep(ms);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
