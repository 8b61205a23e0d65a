package rocketmqts.extract;

import com.alibaba.fastjson2.JSONWriter;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.rocketmq.common.MQVersion;
import org.apache.rocketmq.remoting.protocol.RemotingSerializable;
import org.apache.rocketmq.remoting.protocol.body.RegisterBrokerBody;
import org.apache.rocketmq.remoting.protocol.route.TopicRouteData;

/** Records JSON bodies as the official classes write them. */
final class BodyRecorder {
    private static final String ENCODE = "org.apache.rocketmq.remoting.protocol.RemotingSerializable.encode()";

    private final GoldenFiles golden;

    BodyRecorder(GoldenFiles golden) {
        this.golden = golden;
    }

    void record() throws Exception {
        routes();
        registerBroker();
        body("heartbeat-data", BodyValues.heartbeat());
        body("topic-config-serialize-wrapper", BodyValues.topicConfigWrapper());
        body("topic-config-and-mapping-serialize-wrapper", BodyValues.topicConfigAndMapping());
        body("subscription-group-wrapper", BodyValues.subscriptionGroups());
        body("consumer-offset-serialize-wrapper", BodyValues.consumerOffsetWrapper());
        body("cluster-info", BodyValues.clusterInfo());
        body("kv-table", BodyValues.kvTable());
        body("lock-batch-request-body", BodyValues.lockBatchRequest());
        body("lock-batch-response-body", BodyValues.lockBatchResponse());
        body("unlock-batch-request-body", BodyValues.unlockBatchRequest());
        body("get-consumer-list-by-group-response-body", BodyValues.consumerList());
        body("consumer-connection", BodyValues.consumerConnection());
        body("producer-connection", BodyValues.producerConnection());
        body("topic-stats-table", BodyValues.topicStats());
        body("consume-stats", BodyValues.consumeStats());
        body("reset-offset-body", BodyValues.resetOffset());
        body("topic-list", BodyValues.topicList());
        body("data-version", BodyValues.dataVersion(7));
        administration();
    }

    private void administration() throws Exception {
        body("consume-stats-list", AdminBodyValues.consumeStatsList());
        body("query-consume-time-span-body", AdminBodyValues.timeSpans());
        body("query-correction-offset-body", AdminBodyValues.correctionOffsets());
        body("query-subscription-response-body", AdminBodyValues.subscriptionOfGroup());
        body("producer-table-info", AdminBodyValues.producers());
        body("query-consume-queue-response-body", AdminBodyValues.consumeQueue());
        body("get-consumer-status-body", AdminBodyValues.consumerStatus());
        body("ha-runtime-info", AdminBodyValues.masterWithoutSlaves());
        body("group-forbidden", AdminBodyValues.forbidden());
        body("reset-offset-body-for-c", AdminBodyValues.resetOffsetForC());
    }

    /** Both forms of ClientRequestProcessor.getRouteInfoByTopic: below version 401, and from 401 on. */
    private void routes() throws Exception {
        Map<String, TopicRouteData> routes = new LinkedHashMap<>();
        routes.put("topic-route-data", BodyValues.topicRoute());
        routes.put("topic-route-data-full", BodyValues.fullTopicRoute());
        for (Map.Entry<String, TopicRouteData> route : routes.entrySet()) {
            TopicRouteData data = route.getValue();
            golden.add("body." + route.getKey() + ".old-client", "body", "as the name server answers versions below 401",
                ENCODE, describe(data), data.encode());
            golden.add("body." + route.getKey() + ".standard", "body", "as the name server answers versions from 401 on",
                "org.apache.rocketmq.remoting.protocol.RemotingSerializable.encode(BrowserCompatible, MapSortField)", describe(data),
                data.encode(JSONWriter.Feature.BrowserCompatible, JSONWriter.Feature.MapSortField));
        }
    }

    private void registerBroker() throws Exception {
        RegisterBrokerBody body = BodyValues.registerBroker();
        String java = "org.apache.rocketmq.remoting.protocol.body.RegisterBrokerBody.encode";
        golden.add("body.register-broker-body", "body", "plain JSON", java + "(false)", describe(body), body.encode(false));
        byte[] bytes = body.encode(true);
        golden.add("body.register-broker-body.compressed", "register-broker-compressed",
            "deflated sequence of length-prefixed parts; value: what of the plain body survives it",
            java + "(true)", describe(decodeCompressed(bytes)), bytes, true);
    }

    /** The compressed form carries no version of the static topic mapping: a decoder starts a new one. */
    static RegisterBrokerBody decodeCompressed(byte[] bytes) throws IOException {
        RegisterBrokerBody body = RegisterBrokerBody.decode(bytes, true, MQVersion.value2Version(MQVersion.CURRENT_VERSION));
        body.getTopicConfigSerializeWrapper().setMappingDataVersion(null);
        return body;
    }

    private void body(String name, RemotingSerializable body) throws Exception {
        golden.add("body." + name, "body", body.getClass().getSimpleName(), ENCODE, describe(body), body.encode());
    }

    static Map<String, Object> describe(RemotingSerializable body) {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("class", body.getClass().getName());
        value.put("object", Describe.value(body));
        return value;
    }
}
