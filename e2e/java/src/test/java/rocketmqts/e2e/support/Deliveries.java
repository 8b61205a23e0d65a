package rocketmqts.e2e.support;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.rocketmq.common.message.MessageClientExt;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageId;

/** Compares what arrived with what was sent, part by part. */
public final class Deliveries {
  private Deliveries() {}

  /** Every sent message was consumed exactly once, nothing else was, and all parts and places agree. */
  public static void assertExactly(Collection<Sent> sent, Collection<MessageExt> received) {
    assertExactly(sent, received, Deliveries::assertSame);
  }

  /** The same for the answer to a query, in which the client leaves the broker's name out. */
  public static void assertExactlyFound(Collection<Sent> sent, Collection<MessageExt> found) {
    assertExactly(sent, found, Deliveries::assertSameStored);
  }

  private static void assertExactly(
      Collection<Sent> sent,
      Collection<MessageExt> received,
      BiConsumer<Sent, MessageExt> compare) {
    Map<String, MessageExt> byId =
        received.stream().collect(Collectors.toMap(MessageExt::getMsgId, Function.identity()));
    for (Sent expected : sent) {
      MessageExt found = byId.remove(expected.msgId());
      assertNotNull(found, "message " + expected.msgId() + " did not arrive");
      compare.accept(expected, found);
    }
    assertTrue(byId.isEmpty(), () -> "arrived but never sent: " + byId.keySet());
  }

  /** One first delivery is the message that was sent, at the place the broker named. */
  public static void assertSame(Sent sent, MessageExt found) {
    assertSameStored(sent, found);
    assertEquals(sent.brokerName(), found.getBrokerName(), "broker name of " + sent.msgId());
  }

  /** The same for a message found by a query. */
  public static void assertSameStored(Sent sent, MessageExt found) {
    String id = "of " + sent.msgId();
    assertSameContent(sent, found);
    assertEquals(sent.msgId(), found.getMsgId(), "unique key " + id);
    assertEquals(sent.queueId(), found.getQueueId(), "queue id " + id);
    assertEquals(sent.queueOffset(), found.getQueueOffset(), "queue offset " + id);
    assertEquals(0, found.getReconsumeTimes(), "reconsume times " + id);
    if (found instanceof MessageClientExt client) {
      assertEquals(sent.offsetMsgId(), client.getOffsetMsgId(), "offset id " + id);
    }
    assertOffsetIdNamesPlace(sent, found);
    assertTimes(found, id);
  }

  /** The parts a user wrote: also true of a retried or dead-lettered copy at another place. */
  public static void assertSameContent(Sent sent, MessageExt found) {
    String id = "of " + sent.msgId();
    assertArrayEquals(sent.body(), found.getBody(), "body " + id);
    assertEquals(sent.keys(), found.getKeys(), "keys " + id);
    assertEquals(sent.tags(), found.getTags(), "tags " + id);
    assertEquals(sent.flag(), found.getFlag(), "flag " + id);
    assertEquals(sent.userProperties(), Sent.userProperties(found), "user properties " + id);
  }

  private static void assertOffsetIdNamesPlace(Sent sent, MessageExt found) {
    try {
      MessageId place = MessageDecoder.decodeMessageId(sent.offsetMsgId());
      assertEquals(place.getOffset(), found.getCommitLogOffset(), "commit-log offset");
      assertEquals(
          ((InetSocketAddress) place.getAddress()).getPort(),
          ((InetSocketAddress) found.getStoreHost()).getPort(),
          "port of the store host");
    } catch (java.net.UnknownHostException error) {
      throw new AssertionError("offset id does not parse: " + sent.offsetMsgId(), error);
    }
  }

  /** Sanity only: client and broker run on one machine, so clocks agree within a few seconds. */
  private static void assertTimes(MessageExt found, String id) {
    long nowMs = System.currentTimeMillis();
    assertTrue(found.getBornTimestamp() > nowMs - 600_000, "born timestamp " + id);
    assertTrue(found.getStoreTimestamp() >= found.getBornTimestamp() - 2_000, "stored " + id);
    assertTrue(found.getStoreTimestamp() <= nowMs + 2_000, "store timestamp " + id);
    assertNotNull(found.getBornHost(), "born host " + id);
  }
}
