package bench;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyContext;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * How long a message takes from the official producer's send call to the official push consumer's
 * listener, both in this process, at a fixed rate.
 *
 * <p>Sends are asynchronous: a slow answer must not delay the next send, or a stall would be
 * counted once instead of for every message that it delays. Prints one line of JSON.
 *
 * <p>Arguments: nameserver, topic, messages per second, warm-up seconds, measured seconds, body bytes.
 */
public final class EndToEnd {
  private static final long LAST_ARRIVAL_TIMEOUT_MS = 10_000;

  private final long[] latenciesNs;
  private final AtomicLong arrivals = new AtomicLong();
  private final AtomicLong duplicates = new AtomicLong();
  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicLong failures = new AtomicLong();
  private final CountDownLatch firstArrival = new CountDownLatch(1);
  private final int warmUpCount;
  private final int totalCount;

  private EndToEnd(int warmUpCount, int totalCount) {
    this.warmUpCount = warmUpCount;
    this.totalCount = totalCount;
    this.latenciesNs = new long[totalCount];
  }

  public static void main(String[] args) throws Exception {
    String nameserver = args[0];
    String topic = args[1];
    int ratePerSecond = Integer.parseInt(args[2]);
    int warmUpCount = ratePerSecond * Integer.parseInt(args[3]);
    int totalCount = warmUpCount + ratePerSecond * Integer.parseInt(args[4]);
    int bodyBytes = Math.max(12, Integer.parseInt(args[5]));
    EndToEnd probe = new EndToEnd(warmUpCount, totalCount);
    int exitCode = probe.run(nameserver, topic, ratePerSecond, bodyBytes) ? 0 : 1;
    System.exit(exitCode);
  }

  private boolean run(String nameserver, String topic, int ratePerSecond, int bodyBytes)
      throws Exception {
    DefaultMQPushConsumer consumer = new DefaultMQPushConsumer("bench_e2e_consumer");
    consumer.setNamesrvAddr(nameserver);
    consumer.subscribe(topic, "*");
    consumer.registerMessageListener((MessageListenerConcurrently) this::receive);
    DefaultMQProducer producer = new DefaultMQProducer("bench_e2e_producer");
    producer.setNamesrvAddr(nameserver);
    producer.start();
    consumer.start();
    try {
      awaitAssignment(producer, topic, bodyBytes);
      sendAll(producer, topic, ratePerSecond, bodyBytes);
      awaitLast();
    } finally {
      producer.shutdown();
      consumer.shutdown();
    }
    print(ratePerSecond);
    return arrivals.get() == totalCount && failures.get() == 0;
  }

  /** A message carries the nanoTime of its send call and its number; -1 marks one for warm-up. */
  private static Message message(String topic, int number, int bodyBytes) {
    byte[] body = new byte[bodyBytes];
    Arrays.fill(body, (byte) 'x');
    ByteBuffer.wrap(body).putLong(System.nanoTime()).putInt(number);
    return new Message(topic, "TagA", body);
  }

  private ConsumeConcurrentlyStatus receive(
      List<MessageExt> messages, ConsumeConcurrentlyContext context) {
    long nowNs = System.nanoTime();
    for (MessageExt message : messages) {
      ByteBuffer body = ByteBuffer.wrap(message.getBody());
      long latencyNs = Math.max(1, nowNs - body.getLong());
      int number = body.getInt();
      firstArrival.countDown();
      if (number < 0) {
        continue;
      }
      synchronized (latenciesNs) {
        if (latenciesNs[number] != 0) {
          duplicates.incrementAndGet();
          continue;
        }
        latenciesNs[number] = latencyNs;
      }
      arrivals.incrementAndGet();
    }
    return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
  }

  /** Sends until the consumer got something: from then on it owns its queues. */
  private void awaitAssignment(DefaultMQProducer producer, String topic, int bodyBytes)
      throws Exception {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    do {
      producer.send(message(topic, -1, bodyBytes));
      if (System.nanoTime() > deadlineNs) {
        throw new IllegalStateException("the consumer received nothing within 60 s");
      }
    } while (!firstArrival.await(250, TimeUnit.MILLISECONDS));
    // the other queues may still be on their first pull
    TimeUnit.SECONDS.sleep(1);
  }

  private void sendAll(DefaultMQProducer producer, String topic, int ratePerSecond, int bodyBytes)
      throws Exception {
    SendCallback callback =
        new SendCallback() {
          @Override
          public void onSuccess(SendResult result) {
            if (result.getSendStatus() == SendStatus.SEND_OK) {
              acknowledged.incrementAndGet();
            } else {
              failures.incrementAndGet();
            }
          }

          @Override
          public void onException(Throwable error) {
            if (failures.incrementAndGet() == 1) {
              System.err.println("first failed send: " + error);
            }
          }
        };
    long intervalNs = TimeUnit.SECONDS.toNanos(1) / ratePerSecond;
    long startNs = System.nanoTime();
    for (int number = 0; number < totalCount; number++) {
      long dueNs = startNs + number * intervalNs;
      for (long waitNs = dueNs - System.nanoTime(); waitNs > 0; waitNs = dueNs - System.nanoTime()) {
        LockSupport.parkNanos(waitNs);
      }
      producer.send(message(topic, number, bodyBytes), callback);
    }
  }

  private void awaitLast() throws InterruptedException {
    long deadlineMs = System.currentTimeMillis() + LAST_ARRIVAL_TIMEOUT_MS;
    while (arrivals.get() < totalCount && System.currentTimeMillis() < deadlineMs) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private void print(int ratePerSecond) {
    long[] measured =
        Arrays.stream(latenciesNs, warmUpCount, totalCount).filter(ns -> ns > 0).sorted().toArray();
    String line =
        String.format(
            Locale.ROOT,
            "{\"mode\":\"end-to-end\",\"rate\":%d,\"measured\":%d,\"arrived\":%d,\"expected\":%d,"
                + "\"acknowledged\":%d,\"failures\":%d,\"duplicates\":%d,"
                + "\"latencyUs\":{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f}}",
            ratePerSecond, measured.length, arrivals.get(), totalCount,
            acknowledged.get(), failures.get(), duplicates.get(),
            quantileUs(measured, 0.5), quantileUs(measured, 0.9), quantileUs(measured, 0.99),
            quantileUs(measured, 0.999), quantileUs(measured, 1));
    System.out.write((line + "\n").getBytes(StandardCharsets.UTF_8), 0, line.length() + 1);
    System.out.flush();
  }

  private static double quantileUs(long[] sortedNs, double share) {
    if (sortedNs.length == 0) {
      return 0;
    }
    int rank = (int) Math.ceil(share * sortedNs.length);
    return sortedNs[Math.min(sortedNs.length - 1, Math.max(0, rank - 1))] / 1000.0;
  }
}
