package rocketmqts.extract;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.common.MQVersion;
import org.apache.rocketmq.common.MixAll;
import org.apache.rocketmq.common.UtilAll;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.remoting.CommandCustomHeader;
import org.apache.rocketmq.remoting.protocol.LanguageCode;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;
import org.apache.rocketmq.remoting.protocol.RequestCode;
import org.apache.rocketmq.remoting.protocol.ResponseCode;
import org.apache.rocketmq.remoting.protocol.SerializeType;
import org.apache.rocketmq.remoting.protocol.header.CheckTransactionStateRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.ConsumerSendMsgBackRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.EndTransactionRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.GetMaxOffsetRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.GetMaxOffsetResponseHeader;
import org.apache.rocketmq.remoting.protocol.header.HeartbeatRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.LockBatchMqRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.NotifyConsumerIdsChangedRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.PullMessageRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.PullMessageResponseHeader;
import org.apache.rocketmq.remoting.protocol.header.QueryConsumerOffsetRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.QueryConsumerOffsetResponseHeader;
import org.apache.rocketmq.remoting.protocol.header.QueryMessageRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.QueryMessageResponseHeader;
import org.apache.rocketmq.remoting.protocol.header.SearchOffsetRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.SendMessageRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.SendMessageRequestHeaderV2;
import org.apache.rocketmq.remoting.protocol.header.SendMessageResponseHeader;
import org.apache.rocketmq.remoting.protocol.header.UnregisterClientRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.UpdateConsumerOffsetRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.namesrv.GetRouteInfoRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.namesrv.RegisterBrokerRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.namesrv.RegisterBrokerResponseHeader;

/** Records request and response frames, each in JSON and in ROCKETMQ serialisation. */
final class FrameRecorder {
    static final long T0 = 1_700_000_000_000L;
    static final String MESSAGE_ID = "0A00000100002A9F0000000000001F40";
    static final String UNIQUE_ID = "0A000001A3B418B4AAC2000102030004";
    /** Everything that separators, JSON escapes and surrogate pairs can get wrong, in one value. */
    static final Map<String, String> AWKWARD_PROPERTIES = new LinkedHashMap<>();

    static {
        AWKWARD_PROPERTIES.put("KEYS", "order-1 \u8ba2\u5355-2");
        AWKWARD_PROPERTIES.put("TAGS", "T\u00e9g");
        AWKWARD_PROPERTIES.put("quote\"key", "say \"hi\" 'you' \\ back\\slash /slash");
        AWKWARD_PROPERTIES.put("control", "tab\tnewline\ncr\rbell\u0007del\u007fnbsp\u00a0ls\u2028ps\u2029bom\ufeff");
        AWKWARD_PROPERTIES.put("emoji", "\ud83d\ude00\ud83c\uddea\ud83c\uddfa <b>&amp;</b> {\"a\":[1]}");
        AWKWARD_PROPERTIES.put("UNIQ_KEY", UNIQUE_ID);
        AWKWARD_PROPERTIES.put("WAIT", "true");
    }

    private final GoldenFiles golden;
    private int opaque = 1000;

    FrameRecorder(GoldenFiles golden) {
        this.golden = golden;
    }

    void record() throws Exception {
        sendRequests();
        consumerRequests();
        clientRequests();
        routeRequests();
        responses();
    }

    private static SendMessageRequestHeader sendHeader(String properties) {
        SendMessageRequestHeader header = new SendMessageRequestHeader();
        header.setProducerGroup("ProducerGroup");
        header.setTopic("TopicTest");
        header.setDefaultTopic("TBW102");
        header.setDefaultTopicQueueNums(4);
        header.setQueueId(3);
        header.setSysFlag(0);
        header.setBornTimestamp(T0);
        header.setFlag(-7);
        header.setProperties(properties);
        header.setReconsumeTimes(0);
        header.setUnitMode(false);
        header.setBatch(false);
        header.setBrokerName("broker-a");
        return header;
    }

    private void sendRequests() throws Exception {
        byte[] body = text("Hello RocketMQ 0");
        Map<String, String> plain = new LinkedHashMap<>();
        plain.put("UNIQ_KEY", UNIQUE_ID);
        plain.put("WAIT", "true");
        plain.put("TAGS", "TagA");
        String plainText = MessageDecoder.messageProperties2String(plain);
        String awkwardText = MessageDecoder.messageProperties2String(AWKWARD_PROPERTIES);
        request("send-message", RequestCode.SEND_MESSAGE, sendHeader(plainText), body, "long field names");
        request("send-message.awkward-properties", RequestCode.SEND_MESSAGE, sendHeader(awkwardText),
            text("\u6d88\u606f \ud83d\ude00"), "separators, quotes, controls, CJK and emoji in the properties field");
        SendMessageRequestHeader retry = sendHeader("");
        retry.setTopic("%RETRY%ConsumerGroup");
        retry.setReconsumeTimes(3);
        retry.setMaxReconsumeTimes(16);
        request("send-message.retry-empty-body", RequestCode.SEND_MESSAGE, retry, new byte[0],
            "empty body array and empty properties text");
        request("send-message-v2", RequestCode.SEND_MESSAGE_V2,
            SendMessageRequestHeaderV2.createSendMessageRequestHeaderV2(sendHeader(plainText)), body, "one-letter field names");
        request("send-message-v2.awkward-properties", RequestCode.SEND_MESSAGE_V2,
            SendMessageRequestHeaderV2.createSendMessageRequestHeaderV2(sendHeader(awkwardText)),
            text("\u6d88\u606f \ud83d\ude00"), "separators, quotes, controls, CJK and emoji in field i");
        SendMessageRequestHeader batch = sendHeader("");
        batch.setBatch(true);
        Message first = new Message("TopicTest", "TagA", "key-1", text("first"));
        Message second = new Message("TopicTest", "TagB", "key-2", text("second"));
        request("send-batch-message", RequestCode.SEND_BATCH_MESSAGE,
            SendMessageRequestHeaderV2.createSendMessageRequestHeaderV2(batch),
            MessageDecoder.encodeMessages(List.of(first, second)), "body of two messages");
        RemotingCommand oneway = command(RequestCode.SEND_MESSAGE_V2,
            SendMessageRequestHeaderV2.createSendMessageRequestHeaderV2(sendHeader(plainText)), body);
        oneway.markOnewayRPC();
        both("send-message-v2.oneway", oneway, "oneway flag set");
    }

    private void consumerRequests() throws Exception {
        PullMessageRequestHeader pull = new PullMessageRequestHeader();
        pull.setConsumerGroup("ConsumerGroup");
        pull.setTopic("TopicTest");
        pull.setQueueId(0);
        pull.setQueueOffset(9_007_199_254_740_991L);
        pull.setMaxMsgNums(32);
        pull.setSysFlag(2);
        pull.setCommitOffset(0L);
        pull.setSuspendTimeoutMillis(15_000L);
        pull.setSubscription("TagA || TagB");
        pull.setSubVersion(T0);
        pull.setExpressionType("TAG");
        pull.setMaxMsgBytes(Integer.MAX_VALUE);
        pull.setBrokerName("broker-a");
        request("pull-message", RequestCode.PULL_MESSAGE, pull, null, "long poll, queue offset 2^53-1");

        QueryMessageRequestHeader query = new QueryMessageRequestHeader();
        query.setTopic("TopicTest");
        query.setKey("order-1");
        query.setMaxNum(64);
        query.setBeginTimestamp(0L);
        query.setEndTimestamp(Long.MAX_VALUE);
        RemotingCommand queryCommand = command(RequestCode.QUERY_MESSAGE, query, null);
        queryCommand.addExtField(MixAll.UNIQUE_MSG_QUERY_FLAG, "false");
        both("query-message", queryCommand, "end timestamp 2^63-1 as the client sends it; ext field outside the header class");

        UpdateConsumerOffsetRequestHeader update = new UpdateConsumerOffsetRequestHeader();
        update.setConsumerGroup("ConsumerGroup");
        update.setTopic("TopicTest");
        update.setQueueId(1);
        update.setCommitOffset(12_345L);
        update.setBrokerName("broker-a");
        RemotingCommand updateCommand = command(RequestCode.UPDATE_CONSUMER_OFFSET, update, null);
        updateCommand.markOnewayRPC();
        both("update-consumer-offset", updateCommand, "oneway");

        QueryConsumerOffsetRequestHeader queryOffset = new QueryConsumerOffsetRequestHeader();
        queryOffset.setConsumerGroup("ConsumerGroup");
        queryOffset.setTopic("TopicTest");
        queryOffset.setQueueId(1);
        queryOffset.setSetZeroIfNotFound(false);
        request("query-consumer-offset", RequestCode.QUERY_CONSUMER_OFFSET, queryOffset, null, "boolean field");

        ConsumerSendMsgBackRequestHeader back = new ConsumerSendMsgBackRequestHeader();
        back.setOffset(8_000L);
        back.setGroup("ConsumerGroup");
        back.setDelayLevel(0);
        back.setOriginMsgId(MESSAGE_ID);
        back.setOriginTopic("TopicTest");
        back.setUnitMode(false);
        back.setMaxReconsumeTimes(16);
        request("consumer-send-msg-back", RequestCode.CONSUMER_SEND_MSG_BACK, back, null, "primitive boolean field");

        GetMaxOffsetRequestHeader max = new GetMaxOffsetRequestHeader();
        max.setTopic("TopicTest");
        max.setQueueId(2);
        request("get-max-offset", RequestCode.GET_MAX_OFFSET, max, null, "field with a default value");

        SearchOffsetRequestHeader search = new SearchOffsetRequestHeader();
        search.setTopic("TopicTest");
        search.setQueueId(2);
        search.setTimestamp(T0);
        search.setBoundaryType(org.apache.rocketmq.common.BoundaryType.UPPER);
        request("search-offset-by-timestamp", RequestCode.SEARCH_OFFSET_BY_TIMESTAMP, search, null, "enum field");

        request("lock-batch-mq", RequestCode.LOCK_BATCH_MQ, new LockBatchMqRequestHeader(),
            BodyValues.lockBatchRequest().encode(), "header class without values, JSON body");
    }

    private void clientRequests() throws Exception {
        request("heart-beat", RequestCode.HEART_BEAT, new HeartbeatRequestHeader(), BodyValues.heartbeat().encode(), "JSON body");

        NotifyConsumerIdsChangedRequestHeader notify = new NotifyConsumerIdsChangedRequestHeader();
        notify.setConsumerGroup("ConsumerGroup");
        RemotingCommand notifyCommand = command(RequestCode.NOTIFY_CONSUMER_IDS_CHANGED, notify, null);
        notifyCommand.markOnewayRPC();
        both("notify-consumer-ids-changed", notifyCommand, "broker to client, oneway");

        UnregisterClientRequestHeader unregister = new UnregisterClientRequestHeader();
        unregister.setClientID("10.0.0.2@12345#678");
        unregister.setProducerGroup(null);
        unregister.setConsumerGroup("ConsumerGroup");
        request("unregister-client", RequestCode.UNREGISTER_CLIENT, unregister, null, "null field left out");

        EndTransactionRequestHeader end = new EndTransactionRequestHeader();
        end.setTopic("TopicTest");
        end.setProducerGroup("ProducerGroup");
        end.setTranStateTableOffset(5L);
        end.setCommitLogOffset(8_000L);
        end.setCommitOrRollback(8);
        end.setFromTransactionCheck(false);
        end.setMsgId(UNIQUE_ID);
        end.setTransactionId(UNIQUE_ID);
        RemotingCommand endCommand = command(RequestCode.END_TRANSACTION, end, null);
        endCommand.markOnewayRPC();
        both("end-transaction", endCommand, "oneway commit");

        CheckTransactionStateRequestHeader check = new CheckTransactionStateRequestHeader();
        check.setTopic("TopicTest");
        check.setTranStateTableOffset(5L);
        check.setCommitLogOffset(8_000L);
        check.setMsgId(UNIQUE_ID);
        check.setTransactionId(UNIQUE_ID);
        check.setOffsetMsgId(MESSAGE_ID);
        request("check-transaction-state", RequestCode.CHECK_TRANSACTION_STATE, check, text("record"), "broker to client");
    }

    private void routeRequests() throws Exception {
        GetRouteInfoRequestHeader route = new GetRouteInfoRequestHeader();
        route.setTopic("\u4e3b\u9898\ud83d\ude00");
        request("get-routeinfo-by-topic", RequestCode.GET_ROUTEINFO_BY_TOPIC, route, null, "unicode topic text");
        GetRouteInfoRequestHeader standard = new GetRouteInfoRequestHeader();
        standard.setTopic("TopicTest");
        standard.setAcceptStandardJsonOnly(true);
        request("get-routeinfo-by-topic.standard-json", RequestCode.GET_ROUTEINFO_BY_TOPIC, standard, null,
            "asks for quoted map keys");

        byte[] body = BodyValues.registerBroker().encode(false);
        RegisterBrokerRequestHeader register = new RegisterBrokerRequestHeader();
        register.setBrokerName("broker-a");
        register.setBrokerAddr("10.0.0.1:10911");
        register.setClusterName("DefaultCluster");
        register.setHaServerAddr("10.0.0.1:10912");
        register.setBrokerId(0L);
        register.setHeartbeatTimeoutMillis(120_000L);
        register.setEnableActingMaster(false);
        register.setCompressed(false);
        register.setBodyCrc32(UtilAll.crc32(body));
        request("register-broker", RequestCode.REGISTER_BROKER, register, body, "body CRC in the header");
    }

    private void responses() throws Exception {
        SendMessageResponseHeader send = new SendMessageResponseHeader();
        send.setMsgId(MESSAGE_ID);
        send.setQueueId(3);
        send.setQueueOffset(42L);
        send.setTransactionId(UNIQUE_ID);
        RemotingCommand sendResponse = response(ResponseCode.SUCCESS, null, send, null);
        sendResponse.addExtField("MSG_REGION", "DefaultRegion");
        sendResponse.addExtField("TRACE_ON", "true");
        both("send-message.response", sendResponse, "success with header, ext fields outside it, null remark");

        PullMessageResponseHeader pull = new PullMessageResponseHeader();
        pull.setSuggestWhichBrokerId(0L);
        pull.setNextBeginOffset(43L);
        pull.setMinOffset(0L);
        pull.setMaxOffset(43L);
        pull.setTopicSysFlag(0);
        pull.setGroupSysFlag(0);
        both("pull-message.response", response(ResponseCode.SUCCESS, "FOUND", pull, text("records")), "success with remark and body");
        both("pull-message.response-not-found", response(ResponseCode.PULL_NOT_FOUND, "NO_MESSAGE_IN_QUEUE", pull, null), "no body");

        GetMaxOffsetResponseHeader max = new GetMaxOffsetResponseHeader();
        max.setOffset(43L);
        both("get-max-offset.response", response(ResponseCode.SUCCESS, null, max, null), "one field");

        QueryConsumerOffsetResponseHeader offset = new QueryConsumerOffsetResponseHeader();
        both("query-consumer-offset.response-not-found", response(ResponseCode.QUERY_NOT_FOUND, "Not found, maybe this group consumer boot first",
            offset, null), "header class whose fields are all null");

        QueryMessageResponseHeader query = new QueryMessageResponseHeader();
        query.setIndexLastUpdateTimestamp(T0);
        query.setIndexLastUpdatePhyoffset(8_000L);
        both("query-message.response", response(ResponseCode.SUCCESS, null, query, text("records")), "success with body");

        RegisterBrokerResponseHeader register = new RegisterBrokerResponseHeader();
        register.setHaServerAddr("10.0.0.1:10912");
        register.setMasterAddr("10.0.0.1:10911");
        both("register-broker.response", response(ResponseCode.SUCCESS, null, register, BodyValues.kvTable().encode()), "KVTable body");

        both("error.response", response(ResponseCode.TOPIC_NOT_EXIST, "topic[TopicTest] not exist, apply first please!", null, null),
            "error with remark, no header class");
        both("error.response-unicode-remark", response(ResponseCode.SYSTEM_ERROR, "\u9519\u8bef \"x\" \\ \ud83d\ude00\n\tat line\u0001\u0002", null, null),
            "remark with quotes, backslash, controls, CJK and emoji");
        both("error.response-empty-remark", response(ResponseCode.SYSTEM_ERROR, "", null, null), "empty remark");
        both("success.response-bare", response(ResponseCode.SUCCESS, null, null, null), "nothing but the code");
        RemotingCommand goResponse = response(ResponseCode.SYSTEM_BUSY, "busy", null, null);
        goResponse.setLanguage(LanguageCode.GO);
        goResponse.setVersion(317);
        goResponse.setOpaque(Integer.MAX_VALUE);
        both("error.response-go-language", goResponse, "another language, highest opaque");
        RemotingCommand negative = response(-1000, null, null, null);
        negative.setOpaque(-1);
        both("error.response-negative-code", negative, "negative code and opaque");
    }

    private RemotingCommand command(int code, CommandCustomHeader header, byte[] body) {
        RemotingCommand command = RemotingCommand.createRequestCommand(code, header);
        command.setVersion(MQVersion.CURRENT_VERSION);
        command.setOpaque(opaque++);
        command.setBody(body);
        return command;
    }

    private RemotingCommand response(int code, String remark, CommandCustomHeader header, byte[] body) {
        RemotingCommand command = RemotingCommand.createResponseCommandWithHeader(code, header);
        command.setRemark(remark);
        command.setVersion(MQVersion.CURRENT_VERSION);
        command.setOpaque(opaque++);
        command.setBody(body);
        return command;
    }

    private void request(String name, int code, CommandCustomHeader header, byte[] body, String what) throws Exception {
        both(name, command(code, header, body), what);
    }

    private void both(String name, RemotingCommand command, String what) throws Exception {
        for (SerializeType type : SerializeType.values()) {
            write(name, command, type, what);
        }
    }

    /** Encodes a copy: encoding fills the ext fields, which would change what the next encoding writes. */
    private void write(String name, RemotingCommand original, SerializeType type, String what) throws Exception {
        CommandCustomHeader header = original.readCustomHeader();
        RemotingCommand copy = RemotingCommand.createRequestCommand(original.getCode(), header);
        copy.setLanguage(original.getLanguage());
        copy.setVersion(original.getVersion());
        copy.setOpaque(original.getOpaque());
        copy.setFlag(original.getFlag());
        copy.setRemark(original.getRemark());
        copy.setBody(original.getBody());
        copy.setSerializeTypeCurrentRPC(type);
        if (original.getExtFields() != null) {
            original.getExtFields().forEach(copy::addExtField);
        }
        byte[] frame = Frames.encode(copy);
        Map<String, Object> value = Frames.describe(copy, header, Frames.extFieldsInWireOrder(frame));
        golden.add("frame." + name + "." + type.name().toLowerCase(), "frame", what, Frames.JAVA, value, frame);
    }

    static byte[] text(String value) {
        return value.getBytes(StandardCharsets.UTF_8);
    }
}
