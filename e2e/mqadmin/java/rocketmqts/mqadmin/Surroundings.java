package rocketmqts.mqadmin;

import com.alibaba.fastjson2.JSONObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.common.stats.Stats;
import org.apache.rocketmq.remoting.protocol.admin.ConsumeStats;
import org.apache.rocketmq.remoting.protocol.admin.OffsetWrapper;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/**
 * What the sub-commands look at: topics with known messages, producers and consumers that are online.
 * The ids that a run cannot choose are told to the {@link Names}.
 */
final class Surroundings {
    private static final long WITHIN_MS = 40_000;

    private final Names names;
    private final Map<String, DefaultMQProducer> producers = new HashMap<>();
    private final Map<String, DefaultMQPushConsumer> consumers = new HashMap<>();
    private final Map<String, AtomicInteger> consumedCounts = new ConcurrentHashMap<>();
    private DefaultMQAdminExt admin;

    Surroundings(Names names) {
        this.names = names;
    }

    void act(JSONObject step) throws Exception {
        switch (step.getString("act")) {
            case "startProducer" -> startProducer(step.getString("group"), step.getBooleanValue("trace"));
            case "stopProducer" -> producers.remove(step.getString("group")).shutdown();
            case "send" -> send(step);
            case "sendDelayed" -> sendDelayed(step);
            case "startConsumer" -> startConsumer(step);
            case "stopConsumer" -> consumers.remove(step.getString("group")).shutdown();
            case "awaitConsumed" -> awaitConsumed(step.getString("group"), step.getIntValue("count"));
            case "awaitCaughtUp" -> awaitCaughtUp(step.getString("group"), step.getString("topic"));
            case "awaitRoute" -> awaitRoute(step.getString("topic"), step.getIntValue("queues"));
            case "awaitQueryable" -> awaitQueryable(step.getString("topic"), step.getString("key"));
            case "awaitCounted" -> awaitCounted(step.getString("group"), step.getString("topic"));
            case "writeFile" -> writeFile(names.expand(step.getString("path")), names.expand(step.getString("text")));
            case "now" -> names.put(step.getString("name"), Long.toString(System.currentTimeMillis()));
            case "pause" -> Thread.sleep(step.getLongValue("ms"));
            default -> throw new IllegalArgumentException("unknown action " + step);
        }
    }

    private void startProducer(String group, boolean trace) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer(null, group, null, trace, null);
        producer.setNamesrvAddr(names.get("namesrv"));
        producer.setInstanceName(group);
        producer.setHeartbeatBrokerInterval(1_000);
        producer.start();
        producers.put(group, producer);
        names.put("client-of-" + group, producer.getDefaultMQProducerImpl().getMqClientFactory().getClientId());
    }

    /** Message i goes to queue i modulo the number of queues, so that two runs fill the queues alike. */
    private void send(JSONObject step) throws Exception {
        DefaultMQProducer producer = producers.get(step.getString("group"));
        String topic = step.getString("topic");
        List<MessageQueue> queues = new ArrayList<>(producer.fetchPublishMessageQueues(topic));
        queues.sort(null);
        int first = step.getIntValue("first");
        for (int i = first; i < first + step.getIntValue("count"); i++) {
            Message message = new Message(topic, i % 2 == 0 ? "even" : "odd", "key-" + i,
                ("message " + i + " for " + topic).getBytes(StandardCharsets.UTF_8));
            message.putUserProperty("number", Integer.toString(i));
            SendResult result = producer.send(message, queues.get(i % queues.size()));
            names.put("unique-id-of-" + topic + "-" + i, result.getMsgId());
            names.put("offset-id-of-" + topic + "-" + i, result.getOffsetMsgId());
        }
    }

    private void sendDelayed(JSONObject step) throws Exception {
        Message message = new Message(step.getString("topic"), "later".getBytes(StandardCharsets.UTF_8));
        message.setDelayTimeLevel(step.getIntValue("level"));
        DefaultMQProducer producer = producers.get(step.getString("group"));
        List<MessageQueue> queues = new ArrayList<>(producer.fetchPublishMessageQueues(message.getTopic()));
        queues.sort(null);
        producer.send(message, queues.get(0));
    }

    private void startConsumer(JSONObject step) throws Exception {
        String group = step.getString("group");
        AtomicInteger consumedCount = consumedCounts.computeIfAbsent(group, any -> new AtomicInteger());
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group);
        consumer.setNamesrvAddr(names.get("namesrv"));
        consumer.setInstanceName(group);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setHeartbeatBrokerInterval(1_000);
        consumer.setPersistConsumerOffsetInterval(1_000);
        consumer.subscribe(step.getString("topic"), step.containsKey("tags") ? step.getString("tags") : "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            consumedCount.addAndGet(messages.size());
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        consumers.put(group, consumer);
        names.put("client-of-" + group,
            consumer.getDefaultMQPushConsumerImpl().getmQClientFactory().getClientId());
    }

    private void awaitConsumed(String group, int count) throws Exception {
        until("group " + group + " consumed " + count, () -> consumedCounts.get(group).get() >= count);
    }

    /** Until the broker knows of the group that it consumed everything in the topic. */
    private void awaitCaughtUp(String group, String topic) throws Exception {
        until("group " + group + " caught up", () -> {
            DefaultMQPushConsumer consumer = consumers.get(group);
            if (consumer != null) {
                consumer.getDefaultMQPushConsumerImpl().persistConsumerOffset();
            }
            ConsumeStats stats = admin().examineConsumeStats(group, topic);
            return stats.computeTotalDiff() == 0 && stats.getOffsetTable().values().stream()
                .mapToLong(OffsetWrapper::getConsumerOffset).sum() > 0;
        });
    }

    private void awaitRoute(String topic, int queueCount) throws Exception {
        until("route of " + topic, () -> admin().examineTopicRouteInfo(topic).getQueueDatas().stream()
            .anyMatch(queues -> queues.getReadQueueNums() == queueCount));
    }

    private void awaitQueryable(String topic, String key) throws Exception {
        String wanted = names.expand(key);
        until(key + " in " + topic, () -> !admin().queryMessage(topic, wanted, 32, 0, Long.MAX_VALUE)
            .getMessageList().isEmpty());
    }

    /** Sends until the broker shows that it counts what comes in; it looks only every few seconds. */
    private void awaitCounted(String group, String topic) throws Exception {
        until("counters of " + topic, () -> {
            producers.get(group).send(new Message(topic, new byte[] {'x'}));
            return admin().viewBrokerStatsData(names.get("broker"), Stats.TOPIC_PUT_NUMS, topic)
                .getStatsMinute().getSum() > 0;
        });
    }

    private static void writeFile(String path, String text) throws Exception {
        Files.createDirectories(Path.of(path).getParent());
        Files.writeString(Path.of(path), text);
    }

    private DefaultMQAdminExt admin() throws Exception {
        if (admin == null) {
            admin = new DefaultMQAdminExt();
            admin.setNamesrvAddr(names.get("namesrv"));
            admin.setInstanceName("surroundings");
            admin.start();
        }
        return admin;
    }

    private static void until(String what, Callable<Boolean> condition) throws Exception {
        long deadlineMs = System.currentTimeMillis() + WITHIN_MS;
        Exception last = null;
        while (System.currentTimeMillis() < deadlineMs) {
            try {
                if (condition.call()) {
                    return;
                }
            } catch (Exception notYet) {
                last = notYet;
            }
            Thread.sleep(100);
        }
        throw new IllegalStateException("waited " + WITHIN_MS + " ms for: " + what, last);
    }
}
