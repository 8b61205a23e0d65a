package rocketmqts.e2e.support;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyContext;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.common.message.MessageExt;

/** A listener that accepts everything and remembers it in order of arrival. */
public final class Inbox implements MessageListenerConcurrently {
  private final List<MessageExt> messages = new ArrayList<>();
  private final List<Integer> batchSizes = new ArrayList<>();

  @Override
  public ConsumeConcurrentlyStatus consumeMessage(
      List<MessageExt> batch, ConsumeConcurrentlyContext context) {
    add(batch);
    return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
  }

  public synchronized void add(Collection<MessageExt> batch) {
    messages.addAll(batch);
    batchSizes.add(batch.size());
  }

  /** All deliveries so far, repeats included. */
  public synchronized List<MessageExt> messages() {
    return new ArrayList<>(messages);
  }

  /** How many messages each call of the listener brought. */
  public synchronized List<Integer> batchSizes() {
    return new ArrayList<>(batchSizes);
  }

  public synchronized Set<String> msgIds() {
    Set<String> ids = new HashSet<>();
    messages.forEach(message -> ids.add(message.getMsgId()));
    return ids;
  }

  public synchronized int count() {
    return messages.size();
  }

  /** Waits for a number of different messages. */
  public void await(int count) {
    Eventually.until(
        () -> "want " + count + " messages, have " + msgIds().size(),
        () -> msgIds().size() >= count);
  }

  /** Waits for all of them, lets late strangers and repeats show themselves, and checks every part. */
  public void awaitExactly(Collection<Sent> sent) {
    await(sent.size());
    Eventually.pause(300);
    assertEquals(sent.size(), count(), "deliveries, repeats included");
    Deliveries.assertExactly(sent, messages());
  }
}
