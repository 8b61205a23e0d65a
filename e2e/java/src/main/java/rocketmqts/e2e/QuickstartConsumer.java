package rocketmqts.e2e;

import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * Receives the greetings of {@link QuickstartProducer} by push and ends when it has had every one.
 *
 * <p>Options: {@code --namesrv host:port}, {@code --topic name}, {@code --group name},
 * {@code --count n}, {@code --timeoutSeconds n}. Exit code 1 when some are still missing at the end of the time.
 */
public final class QuickstartConsumer {
  private QuickstartConsumer() {}

  public static void main(String[] arguments) throws Exception {
    Options options = new Options(arguments);
    int count = options.number("count", 100);
    Set<String> missing = ConcurrentHashMap.newKeySet();
    for (int i = 0; i < count; i++) {
      missing.add("Hello RocketMQ " + i);
    }
    CountDownLatch complete = new CountDownLatch(1);

    DefaultMQPushConsumer consumer =
        new DefaultMQPushConsumer(options.text("group", "quickstart_consumer"));
    consumer.setNamesrvAddr(options.namesrv());
    consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
    consumer.subscribe(options.text("topic", "TopicTest"), "TagA");
    consumer.registerMessageListener(
        (MessageListenerConcurrently) (messages, context) -> {
          for (MessageExt message : messages) {
            String body = new String(message.getBody(), StandardCharsets.UTF_8);
            System.out.println("received " + body + " [" + message.getTags() + "] " + message);
            if (missing.remove(body) && missing.isEmpty()) {
              complete.countDown();
            }
          }
          return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
    consumer.start();
    System.out.println("consumer started");
    boolean all = complete.await(options.number("timeoutSeconds", 90), TimeUnit.SECONDS);
    consumer.shutdown();
    System.out.println(all ? "received all " + count : "missing " + missing.size() + ": " + missing);
    System.exit(all ? 0 : 1);
  }
}
