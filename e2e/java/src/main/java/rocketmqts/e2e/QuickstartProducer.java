package rocketmqts.e2e;

import java.nio.charset.StandardCharsets;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;

/**
 * Sends 100 greetings with every setting of the client at its default.
 *
 * <p>Options: {@code --namesrv host:port}, {@code --topic name}, {@code --count n}. Exit code 1 when a
 * message was not stored.
 */
public final class QuickstartProducer {
  private QuickstartProducer() {}

  public static void main(String[] arguments) throws Exception {
    Options options = new Options(arguments);
    String topic = options.text("topic", "TopicTest");
    int count = options.number("count", 100);

    DefaultMQProducer producer = new DefaultMQProducer("quickstart_producer");
    producer.setNamesrvAddr(options.namesrv());
    producer.start();
    try {
      for (int i = 0; i < count; i++) {
        byte[] body = ("Hello RocketMQ " + i).getBytes(StandardCharsets.UTF_8);
        SendResult result = producer.send(new Message(topic, "TagA", body));
        System.out.println("sent " + i + ": " + result);
        if (result.getSendStatus() != SendStatus.SEND_OK) {
          throw new IllegalStateException("message " + i + ": " + result.getSendStatus());
        }
      }
    } finally {
      producer.shutdown();
    }
  }
}
