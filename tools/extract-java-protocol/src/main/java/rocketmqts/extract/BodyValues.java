package rocketmqts.extract;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.protocol.DataVersion;
import org.apache.rocketmq.remoting.protocol.LanguageCode;
import org.apache.rocketmq.remoting.protocol.admin.ConsumeStats;
import org.apache.rocketmq.remoting.protocol.admin.OffsetWrapper;
import org.apache.rocketmq.remoting.protocol.admin.TopicOffset;
import org.apache.rocketmq.remoting.protocol.admin.TopicStatsTable;
import org.apache.rocketmq.remoting.protocol.body.ClusterInfo;
import org.apache.rocketmq.remoting.protocol.body.Connection;
import org.apache.rocketmq.remoting.protocol.body.ConsumerConnection;
import org.apache.rocketmq.remoting.protocol.body.ConsumerOffsetSerializeWrapper;
import org.apache.rocketmq.remoting.protocol.body.KVTable;
import org.apache.rocketmq.remoting.protocol.body.LockBatchRequestBody;
import org.apache.rocketmq.remoting.protocol.body.LockBatchResponseBody;
import org.apache.rocketmq.remoting.protocol.body.ProducerConnection;
import org.apache.rocketmq.remoting.protocol.body.RegisterBrokerBody;
import org.apache.rocketmq.remoting.protocol.body.ResetOffsetBody;
import org.apache.rocketmq.remoting.protocol.body.SubscriptionGroupWrapper;
import org.apache.rocketmq.remoting.protocol.body.TopicConfigAndMappingSerializeWrapper;
import org.apache.rocketmq.remoting.protocol.body.TopicConfigSerializeWrapper;
import org.apache.rocketmq.remoting.protocol.body.TopicList;
import org.apache.rocketmq.remoting.protocol.body.UnlockBatchRequestBody;
import org.apache.rocketmq.remoting.protocol.header.GetConsumerListByGroupResponseBody;
import org.apache.rocketmq.remoting.protocol.heartbeat.ConsumeType;
import org.apache.rocketmq.remoting.protocol.heartbeat.ConsumerData;
import org.apache.rocketmq.remoting.protocol.heartbeat.HeartbeatData;
import org.apache.rocketmq.remoting.protocol.heartbeat.MessageModel;
import org.apache.rocketmq.remoting.protocol.heartbeat.ProducerData;
import org.apache.rocketmq.remoting.protocol.heartbeat.SubscriptionData;
import org.apache.rocketmq.remoting.protocol.route.BrokerData;
import org.apache.rocketmq.remoting.protocol.route.QueueData;
import org.apache.rocketmq.remoting.protocol.route.TopicRouteData;
import org.apache.rocketmq.remoting.protocol.statictopic.TopicQueueMappingInfo;
import org.apache.rocketmq.remoting.protocol.subscription.SubscriptionGroupConfig;

/**
 * Sample bodies with fixed content.
 *
 * <p>Sets of classes without their own {@code hashCode} are linked sets: their order in the text
 * would otherwise follow object identity and change with every run.
 */
final class BodyValues {
    static final long T0 = FrameRecorder.T0;

    private BodyValues() {
    }

    static DataVersion dataVersion(long counter) {
        DataVersion version = new DataVersion();
        version.setStateVersion(0);
        version.setTimestamp(T0);
        version.setCounter(new AtomicLong(counter));
        return version;
    }

    private static SubscriptionData subscription(String topic, String expression, String... tags) {
        SubscriptionData data = new SubscriptionData(topic, expression);
        for (String tag : tags) {
            data.getTagsSet().add(tag);
            data.getCodeSet().add(tag.hashCode());
        }
        data.setSubVersion(T0);
        return data;
    }

    static HeartbeatData heartbeat() {
        ConsumerData consumer = new ConsumerData();
        consumer.setGroupName("ConsumerGroup");
        consumer.setConsumeType(ConsumeType.CONSUME_PASSIVELY);
        consumer.setMessageModel(MessageModel.CLUSTERING);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET);
        consumer.setSubscriptionDataSet(new LinkedHashSet<>(Arrays.asList(
            subscription("TopicTest", "TagA || T\u00e9g\u8ba2", "TagA", "T\u00e9g\u8ba2"),
            subscription("%RETRY%ConsumerGroup", "*"))));
        consumer.setUnitMode(false);
        ConsumerData broadcasting = new ConsumerData();
        broadcasting.setGroupName("BroadcastGroup");
        broadcasting.setConsumeType(ConsumeType.CONSUME_ACTIVELY);
        broadcasting.setMessageModel(MessageModel.BROADCASTING);
        broadcasting.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        SubscriptionData sql = subscription("TopicTest", "a > 5 AND b = 'x'");
        sql.setExpressionType("SQL92");
        broadcasting.setSubscriptionDataSet(new LinkedHashSet<>(List.of(sql)));
        ProducerData producer = new ProducerData();
        producer.setGroupName("ProducerGroup");
        ProducerData inner = new ProducerData();
        inner.setGroupName("CLIENT_INNER_PRODUCER");
        HeartbeatData heartbeat = new HeartbeatData();
        heartbeat.setClientID("10.0.0.2@12345#678");
        heartbeat.setProducerDataSet(new LinkedHashSet<>(Arrays.asList(producer, inner)));
        heartbeat.setConsumerDataSet(new LinkedHashSet<>(Arrays.asList(consumer, broadcasting)));
        return heartbeat;
    }

    static ConcurrentMap<String, TopicConfig> topicConfigs() {
        ConcurrentMap<String, TopicConfig> table = new ConcurrentHashMap<>();
        table.put("TopicTest", new TopicConfig("TopicTest", 4, 4, 6));
        TopicConfig retry = new TopicConfig("%RETRY%ConsumerGroup", 1, 1, 6);
        table.put(retry.getTopicName(), retry);
        TopicConfig fifo = new TopicConfig("FifoTopic", 8, 16, 6);
        fifo.setOrder(true);
        fifo.setTopicSysFlag(1);
        fifo.setAttributes(new HashMap<>(Collections.singletonMap("message.type", "FIFO")));
        table.put(fifo.getTopicName(), fifo);
        return table;
    }

    private static TopicQueueMappingInfo mapping() {
        TopicQueueMappingInfo info = new TopicQueueMappingInfo("StaticTopic", 2, "broker-a", 5L);
        info.getCurrIdMap().put(0, 0);
        info.getCurrIdMap().put(1, 3);
        return info;
    }

    static TopicConfigSerializeWrapper topicConfigWrapper() {
        TopicConfigSerializeWrapper wrapper = new TopicConfigSerializeWrapper();
        wrapper.setTopicConfigTable(topicConfigs());
        wrapper.setDataVersion(dataVersion(7));
        return wrapper;
    }

    static TopicConfigAndMappingSerializeWrapper topicConfigAndMapping() {
        TopicConfigAndMappingSerializeWrapper wrapper = new TopicConfigAndMappingSerializeWrapper();
        wrapper.setTopicConfigTable(topicConfigs());
        wrapper.setDataVersion(dataVersion(7));
        wrapper.setMappingDataVersion(dataVersion(2));
        wrapper.getTopicQueueMappingInfoMap().put("StaticTopic", mapping());
        return wrapper;
    }

    static RegisterBrokerBody registerBroker() {
        RegisterBrokerBody body = new RegisterBrokerBody();
        body.setTopicConfigSerializeWrapper(topicConfigAndMapping());
        body.setFilterServerList(new ArrayList<>(List.of("10.0.0.9:1234")));
        return body;
    }

    static SubscriptionGroupWrapper subscriptionGroups() {
        SubscriptionGroupWrapper wrapper = new SubscriptionGroupWrapper();
        wrapper.setDataVersion(dataVersion(3));
        SubscriptionGroupConfig group = new SubscriptionGroupConfig();
        group.setGroupName("ConsumerGroup");
        wrapper.getSubscriptionGroupTable().put(group.getGroupName(), group);
        SubscriptionGroupConfig other = new SubscriptionGroupConfig();
        other.setGroupName("OrderlyGroup");
        other.setConsumeMessageOrderly(true);
        other.setConsumeBroadcastEnable(false);
        other.setRetryQueueNums(2);
        other.setRetryMaxTimes(-1);
        other.setBrokerId(1);
        other.setAttributes(new HashMap<>(Collections.singletonMap("priority.factor", "100")));
        wrapper.getSubscriptionGroupTable().put(other.getGroupName(), other);
        ConcurrentMap<String, Integer> forbidden = new ConcurrentHashMap<>();
        forbidden.put("TopicTest", 4);
        wrapper.getForbiddenTable().put("ConsumerGroup", forbidden);
        return wrapper;
    }

    static ConcurrentMap<String, ConcurrentMap<Integer, Long>> consumerOffsets() {
        ConcurrentMap<String, ConcurrentMap<Integer, Long>> table = new ConcurrentHashMap<>();
        ConcurrentMap<Integer, Long> queues = new ConcurrentHashMap<>();
        queues.put(0, 1_500L);
        queues.put(1, 0L);
        queues.put(15, 9_007_199_254_740_991L);
        table.put("TopicTest@ConsumerGroup", queues);
        ConcurrentMap<Integer, Long> retry = new ConcurrentHashMap<>();
        retry.put(0, 3L);
        table.put("%RETRY%ConsumerGroup@ConsumerGroup", retry);
        return table;
    }

    static ConsumerOffsetSerializeWrapper consumerOffsetWrapper() {
        ConsumerOffsetSerializeWrapper wrapper = new ConsumerOffsetSerializeWrapper();
        wrapper.setOffsetTable(consumerOffsets());
        wrapper.setDataVersion(dataVersion(11));
        return wrapper;
    }

    private static BrokerData broker(String name, String masterAddress, String slaveAddress) {
        HashMap<Long, String> addresses = new HashMap<>();
        addresses.put(0L, masterAddress);
        if (slaveAddress != null) {
            addresses.put(1L, slaveAddress);
        }
        return new BrokerData("DefaultCluster", name, addresses);
    }

    static TopicRouteData topicRoute() {
        TopicRouteData route = new TopicRouteData();
        List<QueueData> queues = new ArrayList<>();
        for (String name : List.of("broker-a", "broker-b")) {
            QueueData queue = new QueueData();
            queue.setBrokerName(name);
            queue.setReadQueueNums(4);
            queue.setWriteQueueNums(4);
            queue.setPerm(6);
            queue.setTopicSysFlag(0);
            queues.add(queue);
        }
        route.setQueueDatas(queues);
        route.setBrokerDatas(new ArrayList<>(List.of(
            broker("broker-a", "10.0.0.1:10911", "10.0.0.3:10911"), broker("broker-b", "10.0.0.2:10911", null))));
        route.setFilterServerTable(new HashMap<>());
        return route;
    }

    /** Everything a route can carry: order configuration, filter servers, static topic mapping, non-ASCII text. */
    static TopicRouteData fullTopicRoute() {
        TopicRouteData route = topicRoute();
        route.setOrderTopicConf("broker-a:4;broker-b:4");
        route.getBrokerDatas().get(1).setZoneName("\u533a<1>");
        route.getBrokerDatas().get(1).setEnableActingMaster(true);
        route.getFilterServerTable().put("10.0.0.1:10911", new ArrayList<>(List.of("10.0.0.9:1234")));
        route.setTopicQueueMappingByBroker(new HashMap<>(Collections.singletonMap("broker-a", mapping())));
        return route;
    }

    static ClusterInfo clusterInfo() {
        ClusterInfo info = new ClusterInfo();
        info.setBrokerAddrTable(new LinkedHashMap<>());
        info.getBrokerAddrTable().put("broker-a", broker("broker-a", "10.0.0.1:10911", "10.0.0.3:10911"));
        info.getBrokerAddrTable().put("broker-b", broker("broker-b", "10.0.0.2:10911", null));
        info.setClusterAddrTable(new LinkedHashMap<>());
        info.getClusterAddrTable().put("DefaultCluster", new LinkedHashSet<>(List.of("broker-a", "broker-b")));
        return info;
    }

    static KVTable kvTable() {
        KVTable table = new KVTable();
        table.getTable().put("TopicTest", "broker-a:4;broker-b:4");
        table.getTable().put("quote\"\u952e", "line\nbreak \\ \ud83d\ude00");
        return table;
    }

    private static MessageQueue queue(int queueId) {
        return new MessageQueue("TopicTest", "broker-a", queueId);
    }

    static LockBatchRequestBody lockBatchRequest() {
        LockBatchRequestBody body = new LockBatchRequestBody();
        body.setConsumerGroup("ConsumerGroup");
        body.setClientId("10.0.0.2@12345#678");
        body.setMqSet(new LinkedHashSet<>(List.of(queue(0), queue(1))));
        return body;
    }

    static UnlockBatchRequestBody unlockBatchRequest() {
        UnlockBatchRequestBody body = new UnlockBatchRequestBody();
        body.setConsumerGroup("ConsumerGroup");
        body.setClientId("10.0.0.2@12345#678");
        body.setOnlyThisBroker(true);
        body.setMqSet(new LinkedHashSet<>(List.of(queue(0))));
        return body;
    }

    static LockBatchResponseBody lockBatchResponse() {
        LockBatchResponseBody body = new LockBatchResponseBody();
        body.setLockOKMQSet(new LinkedHashSet<>(List.of(queue(1), queue(0))));
        return body;
    }

    static GetConsumerListByGroupResponseBody consumerList() {
        GetConsumerListByGroupResponseBody body = new GetConsumerListByGroupResponseBody();
        body.setConsumerIdList(List.of("10.0.0.2@12345#678", "10.0.0.4@DEFAULT"));
        return body;
    }

    private static Connection connection(String clientId, LanguageCode language, int version) {
        Connection connection = new Connection();
        connection.setClientId(clientId);
        connection.setClientAddr("10.0.0.2:54321");
        connection.setLanguage(language);
        connection.setVersion(version);
        return connection;
    }

    static ConsumerConnection consumerConnection() {
        ConsumerConnection body = new ConsumerConnection();
        body.setConnectionSet(new LinkedHashSet<>(List.of(
            connection("10.0.0.2@12345#678", LanguageCode.JAVA, 513), connection("10.0.0.4@DEFAULT", LanguageCode.GO, 317))));
        body.getSubscriptionTable().put("TopicTest", subscription("TopicTest", "TagA", "TagA"));
        body.setConsumeType(ConsumeType.CONSUME_PASSIVELY);
        body.setMessageModel(MessageModel.CLUSTERING);
        body.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET);
        return body;
    }

    static ProducerConnection producerConnection() {
        ProducerConnection body = new ProducerConnection();
        body.setConnectionSet(new LinkedHashSet<>(List.of(connection("10.0.0.2@12345#678", LanguageCode.JAVA, 513))));
        return body;
    }

    static TopicStatsTable topicStats() {
        TopicStatsTable body = new TopicStatsTable();
        body.setTopicPutTps(1.5);
        for (int queueId = 0; queueId < 2; queueId++) {
            TopicOffset offset = new TopicOffset();
            offset.setMinOffset(queueId);
            offset.setMaxOffset(100 + queueId);
            offset.setLastUpdateTimestamp(T0 + queueId);
            body.getOffsetTable().put(queue(queueId), offset);
        }
        return body;
    }

    static ConsumeStats consumeStats() {
        ConsumeStats body = new ConsumeStats();
        for (int queueId = 0; queueId < 2; queueId++) {
            OffsetWrapper offset = new OffsetWrapper();
            offset.setBrokerOffset(100 + queueId);
            offset.setConsumerOffset(90 + queueId);
            offset.setPullOffset(95 + queueId);
            offset.setLastTimestamp(T0 + queueId);
            body.getOffsetTable().put(queue(queueId), offset);
        }
        return body;
    }

    static ResetOffsetBody resetOffset() {
        ResetOffsetBody body = new ResetOffsetBody();
        body.setOffsetTable(new LinkedHashMap<>());
        body.getOffsetTable().put(queue(0), 5L);
        body.getOffsetTable().put(queue(1), 0L);
        return body;
    }

    static TopicList topicList() {
        TopicList body = new TopicList();
        body.setTopicList(new LinkedHashSet<>(List.of("TopicTest", "%RETRY%ConsumerGroup", "\u4e3b\u9898")));
        return body;
    }
}
