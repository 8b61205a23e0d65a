package rocketmqts.e2e.support;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageConst;

/**
 * What a producer handed over, and where the broker said it put it.
 *
 * @param userProperties everything but the properties that RocketMQ itself sets
 * @param offsetMsgId id made of broker address and commit-log offset
 * @param queueOffset messages before it in its queue
 */
public record Sent(
    String topic,
    byte[] body,
    String keys,
    String tags,
    int flag,
    Map<String, String> userProperties,
    String msgId,
    String offsetMsgId,
    String brokerName,
    int queueId,
    long queueOffset) {
  /** What a broker may add; the older client does not know these names as the system's. */
  private static final Set<String> RESERVED_SINCE_4_9 =
      Set.of("DLQ_ORIGIN_TOPIC", "DLQ_ORIGIN_MESSAGE_ID");

  /** Pairs a message with its answer; anything but SEND_OK fails the test. */
  public static Sent of(Message message, SendResult result) {
    return of(List.of(message), result).get(0);
  }

  /** The same for a batch: ids come joined by commas, queue offsets count up from the first. */
  public static List<Sent> of(List<Message> batch, SendResult result) {
    assertEquals(SendStatus.SEND_OK, result.getSendStatus(), "send status");
    String[] msgIds = result.getMsgId().split(",");
    String[] offsetMsgIds = result.getOffsetMsgId().split(",");
    assertEquals(batch.size(), msgIds.length, "unique ids in the answer to a batch");
    assertEquals(batch.size(), offsetMsgIds.length, "offset ids in the answer to a batch");
    List<Sent> sent = new ArrayList<>(batch.size());
    for (int i = 0; i < batch.size(); i++) {
      Message message = batch.get(i);
      sent.add(
          new Sent(
              message.getTopic(),
              message.getBody().clone(),
              message.getKeys(),
              message.getTags(),
              message.getFlag(),
              userProperties(message),
              msgIds[i],
              offsetMsgIds[i],
              result.getMessageQueue().getBrokerName(),
              result.getMessageQueue().getQueueId(),
              result.getQueueOffset() + i));
    }
    return sent;
  }

  /** The properties of a message that are neither RocketMQ's own nor keys and tags. */
  public static Map<String, String> userProperties(Message message) {
    Map<String, String> properties = new HashMap<>(message.getProperties());
    properties.keySet().removeAll(MessageConst.STRING_HASH_SET);
    properties.keySet().removeAll(RESERVED_SINCE_4_9);
    return properties;
  }
}
