package rocketmqts.e2e.support;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.rocketmq.common.message.Message;

/** Messages whose every part is worth checking: binary bodies, several keys, unicode properties. */
public final class Payload {
  private Payload() {}

  /** Message number {@code i} for a topic; the same arguments always give the same bytes. */
  public static Message rich(String topic, int i) {
    Message message = new Message(topic, "Tag" + (char) ('A' + i % 3), body(topic, i));
    message.setKeys(List.of(key(topic, i), "second-" + i));
    message.putUserProperty("index", Integer.toString(i));
    message.putUserProperty("city", "Zürich 東京 \uD83D\uDE80");
    message.putUserProperty("spaces and = : ; \" \\", " {\"json\": [1, 2]} ");
    message.setFlag(i * 31);
    return message;
  }

  /** As many as asked for, numbered from 0. */
  public static List<Message> richList(String topic, int count) {
    List<Message> messages = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      messages.add(rich(topic, i));
    }
    return messages;
  }

  /** The key that only message {@code i} of a topic has. */
  public static String key(String topic, int i) {
    return "key-" + topic + "-" + i;
  }

  /** Bytes no compressor can shrink; equal arguments give equal bytes. */
  public static byte[] incompressible(int seed, int sizeBytes) {
    byte[] bytes = new byte[sizeBytes];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static byte[] body(String topic, int i) {
    byte[] text = ("Grüße, 消息 \uD83D\uDE80 " + topic + " " + i).getBytes(StandardCharsets.UTF_8);
    byte[] noise = incompressible(i, 1 + (i * 37) % 300);
    byte[] body = new byte[text.length + noise.length];
    System.arraycopy(text, 0, body, 0, text.length);
    System.arraycopy(noise, 0, body, text.length, noise.length);
    return body;
  }
}
