package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.consumer.AckCallback;
import org.apache.rocketmq.client.consumer.AckResult;
import org.apache.rocketmq.client.consumer.AckStatus;
import org.apache.rocketmq.client.consumer.PopCallback;
import org.apache.rocketmq.client.consumer.PopResult;
import org.apache.rocketmq.client.consumer.PopStatus;
import org.apache.rocketmq.client.impl.MQClientAPIImpl;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.remoting.protocol.header.AckMessageRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.ChangeInvisibleTimeRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.ExtraInfoUtil;
import org.apache.rocketmq.remoting.protocol.header.PopMessageRequestHeader;
import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Clients;
import rocketmqts.e2e.support.Deliveries;
import rocketmqts.e2e.support.Eventually;
import rocketmqts.e2e.support.Payload;
import rocketmqts.e2e.support.RawRequest;
import rocketmqts.e2e.support.Sent;
import rocketmqts.e2e.support.TestRun;

/** The official client's own calls for pop, acknowledge and change of the invisible time, as Apache's proxy uses them. */
class PopApiTest extends ClientTest {
  private static final long TIMEOUT_MS = 15_000;
  /** Long enough to acknowledge in on a loaded machine, short enough to be waited for. */
  private static final long INVISIBLE_MS = 6_000;

  /** One group that pops one topic through the connection of a producer. */
  private final class Popper {
    final DefaultMQProducer producer;
    final String topic;
    final String group = TestRun.unique("popapi");
    final String broker;
    final String address;
    final MQClientAPIImpl api;

    Popper(DefaultMQProducer producer, String topic) throws Exception {
      this.producer = producer;
      this.topic = topic;
      broker = producer.fetchPublishMessageQueues(topic).get(0).getBrokerName();
      address = RawRequest.brokerAddress(producer, broker);
      api = producer.getDefaultMQProducerImpl().getMqClientFactory().getMQClientAPIImpl();
    }

    PopResult pop(int count, long invisibleMs, long pollMs, boolean order) throws Exception {
      PopMessageRequestHeader header = new PopMessageRequestHeader();
      header.setConsumerGroup(group);
      header.setTopic(topic);
      header.setQueueId(-1);
      header.setMaxMsgNums(count);
      header.setInvisibleTime(invisibleMs);
      header.setPollTime(pollMs);
      header.setBornTime(System.currentTimeMillis());
      header.setInitMode(0);
      header.setExpType("TAG");
      header.setExp("*");
      header.setOrder(order);
      CompletableFuture<PopResult> answer = new CompletableFuture<>();
      api.popMessageAsync(
          broker,
          address,
          header,
          TIMEOUT_MS,
          new PopCallback() {
            @Override
            public void onSuccess(PopResult result) {
              answer.complete(result);
            }

            @Override
            public void onException(Throwable error) {
              answer.completeExceptionally(error);
            }
          });
      return answer.get(TIMEOUT_MS, TimeUnit.MILLISECONDS);
    }

    List<MessageExt> found(PopResult result) {
      return result.getPopStatus() == PopStatus.FOUND ? result.getMsgFoundList() : List.of();
    }

    AckResult ack(MessageExt message) throws Exception {
      String[] words = ExtraInfoUtil.split(message.getProperty(MessageConst.PROPERTY_POP_CK));
      AckMessageRequestHeader header = new AckMessageRequestHeader();
      header.setConsumerGroup(group);
      header.setTopic(ExtraInfoUtil.getRealTopic(words, topic, group));
      header.setQueueId(ExtraInfoUtil.getQueueId(words));
      header.setOffset(ExtraInfoUtil.getQueueOffset(words));
      header.setExtraInfo(message.getProperty(MessageConst.PROPERTY_POP_CK));
      Answer answer = new Answer();
      api.ackMessageAsync(address, TIMEOUT_MS, answer, header);
      return answer.get(TIMEOUT_MS, TimeUnit.MILLISECONDS);
    }

    AckResult ackTogether(Collection<MessageExt> messages) throws Exception {
      List<String> handles =
          messages.stream().map(m -> m.getProperty(MessageConst.PROPERTY_POP_CK)).toList();
      Answer answer = new Answer();
      api.batchAckMessageAsync(address, TIMEOUT_MS, answer, topic, group, handles);
      return answer.get(TIMEOUT_MS, TimeUnit.MILLISECONDS);
    }

    /** Pops until it has had a number of different messages; in the order of their coming. */
    Map<String, MessageExt> popAll(int count, long invisibleMs) {
      Map<String, MessageExt> popped = new LinkedHashMap<>();
      Eventually.until(
          () -> "want " + count + ", popped " + popped.size(),
          () -> {
            found(pop(32, invisibleMs, 500, false)).forEach(m -> popped.put(m.getMsgId(), m));
            return popped.size() >= count;
          });
      return popped;
    }

    AckResult postpone(MessageExt message, long invisibleMs) throws Exception {
      String[] words = ExtraInfoUtil.split(message.getProperty(MessageConst.PROPERTY_POP_CK));
      ChangeInvisibleTimeRequestHeader header = new ChangeInvisibleTimeRequestHeader();
      header.setConsumerGroup(group);
      header.setTopic(ExtraInfoUtil.getRealTopic(words, topic, group));
      header.setQueueId(ExtraInfoUtil.getQueueId(words));
      header.setOffset(ExtraInfoUtil.getQueueOffset(words));
      header.setExtraInfo(message.getProperty(MessageConst.PROPERTY_POP_CK));
      header.setInvisibleTime(invisibleMs);
      Answer answer = new Answer();
      api.changeInvisibleTimeAsync(broker, address, header, TIMEOUT_MS, answer);
      return answer.get(TIMEOUT_MS, TimeUnit.MILLISECONDS);
    }
  }

  private static final class Answer extends CompletableFuture<AckResult> implements AckCallback {
    @Override
    public void onSuccess(AckResult result) {
      complete(result);
    }

    @Override
    public void onException(Throwable error) {
      completeExceptionally(error);
    }
  }

  @Test
  void popsEverythingOnceAndAcknowledgesIt() throws Exception {
    String topic = TestRun.unique("popapi");
    DefaultMQProducer producer = clients.producer();
    List<Sent> sent = Clients.sendEvenly(producer, Payload.richList(topic, 24));
    Popper popper = new Popper(producer, topic);
    List<MessageExt> all = new ArrayList<>();
    Eventually.until(
        () -> "popped " + all.size(),
        () -> {
          for (MessageExt message : popper.found(popper.pop(10, 60_000, 500, false))) {
            all.add(message);
            assertEquals(AckStatus.OK, popper.ack(message).getStatus());
          }
          return all.size() >= sent.size();
        });
    assertEquals(sent.size(), all.size());
    Deliveries.assertExactly(sent, all);
  }

  @Test
  void whatIsNotAcknowledgedComesAgainUnderItsTopic() throws Exception {
    String topic = TestRun.unique("popagain");
    DefaultMQProducer producer = clients.producer();
    Clients.sendAll(producer, Payload.richList(topic, 1));
    Popper popper = new Popper(producer, topic);
    MessageExt first = one(popper, 2_000);
    MessageExt again = one(popper, 60_000);
    assertEquals(first.getMsgId(), again.getMsgId());
    assertEquals(topic, again.getTopic());
    assertEquals(1, again.getReconsumeTimes());
    assertNotEquals(
        first.getProperty(MessageConst.PROPERTY_POP_CK),
        again.getProperty(MessageConst.PROPERTY_POP_CK));
    assertEquals(AckStatus.OK, popper.ack(again).getStatus());
  }

  @Test
  void aPostponedMessageComesAgainAtItsNewTime() throws Exception {
    String topic = TestRun.unique("popchange");
    DefaultMQProducer producer = clients.producer();
    Clients.sendAll(producer, Payload.richList(topic, 1));
    Popper popper = new Popper(producer, topic);
    MessageExt first = one(popper, 300_000);
    AckResult changed = popper.postpone(first, 3_000);
    assertEquals(AckStatus.OK, changed.getStatus());
    long changedAtMs = System.currentTimeMillis();
    MessageExt again = one(popper, 60_000);
    assertTrue(System.currentTimeMillis() - changedAtMs >= 2_500, "came back too early");
    assertEquals(first.getMsgId(), again.getMsgId());
  }

  @Test
  void whatABatchAcknowledgesStaysAwayAndTheRestComesAgain() throws Exception {
    String topic = TestRun.unique("popbatch");
    DefaultMQProducer producer = clients.producer();
    List<Sent> sent = Clients.sendEvenly(producer, Payload.richList(topic, 16));
    Popper popper = new Popper(producer, topic);
    Map<String, MessageExt> first = popper.popAll(sent.size(), INVISIBLE_MS);
    Deliveries.assertExactly(sent, first.values());
    // Of every queue some and not others: each acknowledgement is a set of bits with a hole in it.
    Map<Boolean, List<MessageExt>> byFate =
        first.values().stream().collect(Collectors.partitioningBy(m -> m.getQueueOffset() != 1));
    assertTrue(byFate.get(true).size() > byFate.get(false).size(), "the queues are too short");
    assertEquals(AckStatus.OK, popper.ackTogether(byFate.get(true)).getStatus());

    Map<String, MessageExt> again = popper.popAll(byFate.get(false).size(), INVISIBLE_MS);
    assertEquals(ids(byFate.get(false)), again.keySet());
    assertTrue(again.values().stream().allMatch(m -> m.getReconsumeTimes() == 1), "not counted");
    // These are in the retry topic now, which the batch has to say.
    assertEquals(AckStatus.OK, popper.ackTogether(again.values()).getStatus());
    long untilMs = System.currentTimeMillis() + INVISIBLE_MS + 3_000;
    while (System.currentTimeMillis() < untilMs) {
      assertEquals(Set.of(), ids(popper.found(popper.pop(32, 60_000, 1_000, false))));
    }
  }

  @Test
  void anOrderedPopBlocksItsQueueUntilItIsAcknowledged() throws Exception {
    String topic = TestRun.unique("poporder");
    DefaultMQProducer producer = clients.producer();
    List<Sent> sent = Clients.sendEvenly(producer, Payload.richList(topic, 12));
    Popper popper = new Popper(producer, topic);
    Set<String> seen = new HashSet<>();
    List<MessageExt> held = new ArrayList<>();
    Eventually.until(
        () -> "popped " + seen.size(),
        () -> {
          for (MessageExt message : popper.found(popper.pop(32, 60_000, 200, true))) {
            assertTrue(seen.add(message.getMsgId()), "given out twice");
            held.add(message);
          }
          return seen.size() >= sent.size();
        });
    Clients.sendEvenly(producer, Payload.richList(topic, 4));
    assertEquals(List.of(), popper.found(popper.pop(32, 60_000, 300, true)));
    for (MessageExt message : held) {
      assertEquals(AckStatus.OK, popper.ack(message).getStatus());
    }
    Eventually.until(
        () -> "popped " + seen.size(),
        () -> {
          popper.found(popper.pop(32, 60_000, 300, true)).forEach(m -> seen.add(m.getMsgId()));
          return seen.size() == sent.size() + 4;
        });
  }

  private static Set<String> ids(Collection<MessageExt> messages) {
    return messages.stream().map(MessageExt::getMsgId).collect(Collectors.toSet());
  }

  /** The one message that there is, waited for. */
  private static MessageExt one(Popper popper, long invisibleMs) {
    return Eventually.value(
        "a message",
        () -> {
          List<MessageExt> found = popper.found(popper.pop(1, invisibleMs, 2_000, false));
          return found.isEmpty() ? null : found.get(0);
        });
  }
}
