package rocketmqts.e2e;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;

/** A file with one line per acknowledged message: its number, and where the broker said it is. */
final class ExchangeManifest {
  /**
   * @param queueOffset messages before it in its queue
   * @param offsetMsgId broker address and commit-log offset
   */
  record Entry(int index, int queueId, long queueOffset, String msgId, String offsetMsgId) {}

  private ExchangeManifest() {}

  /**
   * Notes an answer at once, before the next send: whatever happens then, the file says what was
   * acknowledged. A batch has one line per message.
   */
  static void note(PrintStream file, int firstIndex, SendResult result) {
    if (result.getSendStatus() != SendStatus.SEND_OK) {
      throw new IllegalStateException("message " + firstIndex + ": " + result.getSendStatus());
    }
    String[] msgIds = result.getMsgId().split(",");
    String[] offsetMsgIds = result.getOffsetMsgId().split(",");
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < msgIds.length; i++) {
      lines
          .append(firstIndex + i)
          .append(' ')
          .append(result.getMessageQueue().getQueueId())
          .append(' ')
          .append(result.getQueueOffset() + i)
          .append(' ')
          .append(msgIds[i])
          .append(' ')
          .append(offsetMsgIds[i])
          .append('\n');
    }
    file.print(lines);
    file.flush();
  }

  /** Entries by number, of several files separated by commas; an empty list gives none. */
  static Map<Integer, Entry> read(String files) throws IOException {
    Map<Integer, Entry> entries = new LinkedHashMap<>();
    for (String file : files.isEmpty() ? new String[0] : files.split(",")) {
      for (String line : Files.readAllLines(Path.of(file), StandardCharsets.UTF_8)) {
        String[] parts = line.split(" ");
        int index = Integer.parseInt(parts[0]);
        entries.put(
            index,
            new Entry(
                index, Integer.parseInt(parts[1]), Long.parseLong(parts[2]), parts[3], parts[4]));
      }
    }
    return entries;
  }
}
