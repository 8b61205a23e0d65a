package rocketmqts.e2e.support;

import java.nio.charset.StandardCharsets;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;

/**
 * Sends numbered messages of several keys, each key to one queue, until it is told to end. A number
 * is sent until it is acknowledged, and only then the next of its key: so a queue holds the numbers
 * of a key in their order, each at least once.
 */
public final class KeyedSends implements Runnable {
  private final DefaultMQProducer producer;
  private final String topic;
  private final int[] acknowledged;
  private final Thread thread = new Thread(this, "keyed-sends");
  private volatile boolean ending;
  private volatile RuntimeException failure;

  public KeyedSends(DefaultMQProducer producer, String topic, int keyCount) {
    this.producer = producer;
    this.topic = topic;
    this.acknowledged = new int[keyCount];
    thread.start();
  }

  /** Ends and gives how many numbers (0, 1, 2 …) of each key were acknowledged. */
  public int[] end() throws InterruptedException {
    ending = true;
    thread.join(Eventually.PATIENCE.toMillis());
    if (failure != null) {
      throw failure;
    }
    return acknowledged;
  }

  @Override
  public void run() {
    try {
      while (!ending) {
        for (int key = 0; key < acknowledged.length; key++) {
          Eventually.pause(1);
          send(key, acknowledged[key]);
          acknowledged[key]++;
        }
      }
    } catch (RuntimeException error) {
      failure = error;
    }
  }

  private void send(int key, int number) {
    byte[] body = ("number " + number).getBytes(StandardCharsets.UTF_8);
    Eventually.until(
        () -> "message " + number + " of key " + key + " is acknowledged",
        () -> {
          Message message = new Message(topic, null, Integer.toString(key), body);
          message.putUserProperty("number", Integer.toString(number));
          SendResult result =
              producer.send(message, (queues, subject, by) -> queues.get((int) by % queues.size()), key);
          return result.getSendStatus() == SendStatus.SEND_OK;
        });
  }
}
