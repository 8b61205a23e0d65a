package rocketmqts.e2e;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * The messages that one broker writes and another one reads: made from their number alone, so that
 * a reader needs nothing from the writer to know what every part must be.
 */
final class ExchangeMessage {
  private ExchangeMessage() {}

  /**
   * Message {@code index} of a topic. Most bodies are small; every 7th is compressible and long
   * enough to be compressed by the client, every 50th is 100 KiB of noise.
   */
  static Message of(String topic, int index) {
    Message message = new Message(topic, "Tag" + index % 5, body(index));
    message.setKeys(List.of(key(topic, index), "group-" + index / 10));
    message.putUserProperty("index", Integer.toString(index));
    message.putUserProperty("wörter", "naïve 日本語 \uD83D\uDC18 " + index);
    message.putUserProperty("spaces", "  between  ");
    message.setFlag(index ^ 0x5a5a5a5a);
    return message;
  }

  /** A key that only this message has. */
  static String key(String topic, int index) {
    return "key-" + topic + "-" + index;
  }

  /** The number a message says it has, or −1 for one that is not of this kind. */
  static int indexOf(MessageExt found) {
    String index = found.getUserProperty("index");
    return index != null && index.matches("\\d{1,9}") ? Integer.parseInt(index) : -1;
  }

  /**
   * Compares a message with what its number says it must be.
   *
   * @return what differs, or null
   */
  static String difference(MessageExt found) {
    int index = indexOf(found);
    if (index < 0) {
      return "no index: " + found;
    }
    Message wanted = of(found.getTopic(), index);
    if (!Arrays.equals(wanted.getBody(), found.getBody())) {
      return "body of " + index + ": " + found.getBody().length + " bytes";
    }
    if (!Objects.equals(wanted.getKeys(), found.getKeys())) {
      return "keys of " + index + ": " + found.getKeys();
    }
    if (!Objects.equals(wanted.getTags(), found.getTags())) {
      return "tag of " + index + ": " + found.getTags();
    }
    if (wanted.getFlag() != found.getFlag()) {
      return "flag of " + index + ": " + found.getFlag();
    }
    Map<String, String> properties = userProperties(found);
    return userProperties(wanted).equals(properties)
        ? null
        : "properties of " + index + ": " + properties;
  }

  private static Map<String, String> userProperties(Message message) {
    Map<String, String> properties = new HashMap<>(message.getProperties());
    properties.keySet().removeAll(MessageConst.STRING_HASH_SET);
    return properties;
  }

  private static byte[] body(int index) {
    if (index % 50 == 0) {
      return noise(index, 100 * 1024);
    }
    if (index % 7 == 0) {
      return ("message " + index + " again and again; ")
          .repeat(600)
          .getBytes(StandardCharsets.UTF_8);
    }
    return noise(index, 1 + (int) (index * 31L % 1_500));
  }

  private static byte[] noise(int seed, int sizeBytes) {
    byte[] bytes = new byte[sizeBytes];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }
}
