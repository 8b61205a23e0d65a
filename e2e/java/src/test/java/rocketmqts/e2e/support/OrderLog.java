package rocketmqts.e2e.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyContext;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * What all members of a group were given, in the order in which they were given it.
 *
 * <p>Order of a queue means: the next delivery, to whichever member, is the message after the last
 * one, or one that was delivered before; after a step back nothing is left out either. So an older
 * message comes after a newer one only as part of a tail that is delivered again. A tail is delivered
 * again at most once for each disturbance (the broker went, a member joined or left), and no two
 * messages of a queue are in the hands of listeners at the same time.
 */
public final class OrderLog {
  private static final class QueueLog {
    final List<Long> queueOffsets = new ArrayList<>();
    final List<String> members = new ArrayList<>();
    /** Key and number of each delivery. */
    final List<int[]> numbers = new ArrayList<>();
    int insideCount;
  }

  private final Map<Integer, QueueLog> queues = new HashMap<>();
  private final Map<String, Integer> countByMember = new HashMap<>();
  private final List<String> met = new ArrayList<>();

  /** A listener that takes about 2 ms for each message. */
  public MessageListenerOrderly listener(String member) {
    return (List<MessageExt> batch, ConsumeOrderlyContext context) -> {
      int queueId = batch.get(0).getQueueId();
      enter(queueId, member, batch);
      Eventually.pause(2);
      leave(queueId);
      return ConsumeOrderlyStatus.SUCCESS;
    };
  }

  private synchronized void enter(int queueId, String member, List<MessageExt> batch) {
    QueueLog queue = queues.computeIfAbsent(queueId, id -> new QueueLog());
    if (++queue.insideCount > 1) {
      met.add(member + " entered queue " + queueId + " while another was in it");
    }
    for (MessageExt message : batch) {
      queue.queueOffsets.add(message.getQueueOffset());
      queue.members.add(member);
      int number = Integer.parseInt(message.getUserProperty("number"));
      queue.numbers.add(new int[] {Integer.parseInt(message.getKeys()), number});
    }
    countByMember.merge(member, batch.size(), Integer::sum);
  }

  private synchronized void leave(int queueId) {
    queues.get(queueId).insideCount--;
  }

  /** Deliveries to one member so far. */
  public synchronized int countOf(String member) {
    return countByMember.getOrDefault(member, 0);
  }

  /** How many numbers of a key, from 0 on, have been delivered. */
  public synchronized int deliveredOf(int key) {
    int next = 0;
    for (QueueLog queue : queues.values()) {
      for (int[] number : queue.numbers) {
        if (number[0] == key && number[1] == next) {
          next++;
        }
      }
    }
    return next;
  }

  /** Waits until everything that was acknowledged has been delivered. */
  public void await(int[] acknowledged) {
    for (int key = 0; key < acknowledged.length; key++) {
      int wanted = acknowledged[key];
      int of = key;
      Eventually.until(
          () -> "key " + of + ": want " + wanted + ", have " + deliveredOf(of),
          () -> deliveredOf(of) >= wanted);
    }
  }

  /** Checks the order of queues and of keys. */
  public synchronized void assertInOrder(int disturbanceCount) {
    assertEquals(List.of(), met.subList(0, Math.min(4, met.size())), met.size() + " times");
    queues.forEach(
        (queueId, queue) -> {
          int stepsBack = 0;
          Map<Integer, Integer> lastOfKey = new HashMap<>();
          for (int i = 0; i < queue.queueOffsets.size(); i++) {
            long due = i == 0 ? 0 : queue.queueOffsets.get(i - 1) + 1;
            String what = "queue " + queueId + ", " + around(queue, i);
            assertTrue(queue.queueOffsets.get(i) <= due, () -> "left out: " + what);
            boolean back = queue.queueOffsets.get(i) < due;
            stepsBack += back ? 1 : 0;
            int key = queue.numbers.get(i)[0];
            int number = queue.numbers.get(i)[1];
            int last = lastOfKey.getOrDefault(key, -1);
            // Sent again because the acknowledgement was lost: the same number twice in a row.
            boolean inTurn = number == last || number == last + 1;
            assertTrue(inTurn || (stepsBack > 0 && number <= last), () -> "key " + key + ": " + what);
            lastOfKey.put(key, number);
          }
          int found = stepsBack;
          assertTrue(
              found <= disturbanceCount, () -> "queue " + queueId + ": " + found + " tails again");
        });
  }

  private static String around(QueueLog queue, int at) {
    StringBuilder text = new StringBuilder();
    for (int i = Math.max(0, at - 6); i < Math.min(queue.queueOffsets.size(), at + 6); i++) {
      text.append(i == at ? " >" : " ").append(queue.members.get(i));
      text.append(':').append(queue.queueOffsets.get(i));
    }
    return text.toString();
  }
}
