package rocketmqts.extract;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.common.message.MessageQueueForC;
import org.apache.rocketmq.remoting.protocol.LanguageCode;
import org.apache.rocketmq.remoting.protocol.body.ConsumeQueueData;
import org.apache.rocketmq.remoting.protocol.body.ConsumeStatsList;
import org.apache.rocketmq.remoting.protocol.body.GetConsumerStatusBody;
import org.apache.rocketmq.remoting.protocol.body.HARuntimeInfo;
import org.apache.rocketmq.remoting.protocol.body.ProducerInfo;
import org.apache.rocketmq.remoting.protocol.body.ProducerTableInfo;
import org.apache.rocketmq.remoting.protocol.body.QueryConsumeQueueResponseBody;
import org.apache.rocketmq.remoting.protocol.body.QueryConsumeTimeSpanBody;
import org.apache.rocketmq.remoting.protocol.body.QueryCorrectionOffsetBody;
import org.apache.rocketmq.remoting.protocol.body.QuerySubscriptionResponseBody;
import org.apache.rocketmq.remoting.protocol.body.QueueTimeSpan;
import org.apache.rocketmq.remoting.protocol.body.ResetOffsetBodyForC;
import org.apache.rocketmq.remoting.protocol.heartbeat.SubscriptionData;
import org.apache.rocketmq.remoting.protocol.subscription.GroupForbidden;

/** Bodies that brokers answer administration commands with. */
final class AdminBodyValues {
    private static final long T0 = 1_700_000_000_000L;

    private AdminBodyValues() {
    }

    private static MessageQueue queue(int queueId) {
        return new MessageQueue("TopicTest", "broker-a", queueId);
    }

    static ConsumeStatsList consumeStatsList() {
        ConsumeStatsList body = new ConsumeStatsList();
        body.setBrokerAddr("10.0.0.1:10911");
        body.setConsumeStatsList(new ArrayList<>(List.of(Map.of("ConsumerGroup", List.of(BodyValues.consumeStats())))));
        body.setTotalDiff(20);
        body.setTotalInflightDiff(10);
        return body;
    }

    static QueryConsumeTimeSpanBody timeSpans() {
        QueueTimeSpan span = new QueueTimeSpan();
        span.setMessageQueue(queue(0));
        span.setMinTimeStamp(T0);
        span.setMaxTimeStamp(T0 + 60_000);
        span.setConsumeTimeStamp(T0 + 30_000);
        span.setDelayTime(1_234);
        QueryConsumeTimeSpanBody body = new QueryConsumeTimeSpanBody();
        body.setConsumeTimeSpanSet(new ArrayList<>(List.of(span)));
        return body;
    }

    static QueryCorrectionOffsetBody correctionOffsets() {
        QueryCorrectionOffsetBody body = new QueryCorrectionOffsetBody();
        Map<Integer, Long> offsets = new LinkedHashMap<>();
        offsets.put(0, 5L);
        offsets.put(1, 3L);
        body.setCorrectionOffsets(offsets);
        return body;
    }

    private static SubscriptionData subscription() {
        SubscriptionData subscription = new SubscriptionData("TopicTest", "*");
        subscription.setSubVersion(T0);
        return subscription;
    }

    static QuerySubscriptionResponseBody subscriptionOfGroup() {
        QuerySubscriptionResponseBody body = new QuerySubscriptionResponseBody();
        body.setGroup("ConsumerGroup");
        body.setTopic("TopicTest");
        body.setSubscriptionData(subscription());
        return body;
    }

    static ProducerTableInfo producers() {
        ProducerInfo producer = new ProducerInfo("10.0.0.2@1234#5", "/10.0.0.2:4567", LanguageCode.JAVA, 513, T0);
        Map<String, List<ProducerInfo>> table = new HashMap<>();
        table.put("ProducerGroup", new ArrayList<>(List.of(producer)));
        return new ProducerTableInfo(table);
    }

    static QueryConsumeQueueResponseBody consumeQueue() {
        ConsumeQueueData entry = new ConsumeQueueData();
        entry.setPhysicOffset(4_096);
        entry.setPhysicSize(284);
        entry.setTagsCode(109_871);
        QueryConsumeQueueResponseBody body = new QueryConsumeQueueResponseBody();
        body.setSubscriptionData(subscription());
        body.setFilterData("null");
        body.setMaxQueueIndex(10);
        body.setMinQueueIndex(2);
        body.setQueueData(new ArrayList<>(List.of(entry)));
        return body;
    }

    static GetConsumerStatusBody consumerStatus() {
        GetConsumerStatusBody body = new GetConsumerStatusBody();
        Map<String, Map<MessageQueue, Long>> table = new LinkedHashMap<>();
        table.put("10.0.0.2@1234", new LinkedHashMap<>(Map.of(queue(0), 7L)));
        body.setConsumerTable(table);
        body.setMessageQueueTable(new LinkedHashMap<>(Map.of(queue(1), 9L)));
        return body;
    }

    static HARuntimeInfo masterWithoutSlaves() {
        HARuntimeInfo body = new HARuntimeInfo();
        body.setMaster(true);
        body.setMasterCommitLogMaxOffset(123_456);
        return body;
    }

    static GroupForbidden forbidden() {
        GroupForbidden body = new GroupForbidden();
        body.setGroup("ConsumerGroup");
        body.setTopic("TopicTest");
        body.setReadable(false);
        return body;
    }

    static ResetOffsetBodyForC resetOffsetForC() {
        ResetOffsetBodyForC body = new ResetOffsetBodyForC();
        body.setOffsetTable(new ArrayList<>(List.of(new MessageQueueForC("TopicTest", "broker-a", 1, 5))));
        return body;
    }
}
