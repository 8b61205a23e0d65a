package rocketmqts.extract;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.common.compression.CompressionType;
import org.apache.rocketmq.common.compression.CompressorFactory;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;
import org.apache.rocketmq.common.message.MessageBatch;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExtBatch;
import org.apache.rocketmq.common.message.MessageExtBrokerInner;
import org.apache.rocketmq.common.sysflag.MessageSysFlag;

/** Records stored messages and batch bodies. */
final class RecordRecorder {
    private static final String JAVA =
        "org.apache.rocketmq.store.MessageExtEncoder.encode + CommitLog.DefaultAppendMessageCallback.doAppend";
    private static final long T0 = FrameRecorder.T0;

    private final GoldenFiles golden;
    private final RecordEncoder encoder;
    private final RecordEncoder crcEncoder;
    private final InetSocketAddress bornV4;
    private final InetSocketAddress storeV4;
    private final InetSocketAddress bornV6;
    private final InetSocketAddress storeV6;

    RecordRecorder(GoldenFiles golden, Path scratch) throws Exception {
        this.golden = golden;
        encoder = new RecordEncoder(scratch.resolve("records"), false);
        crcEncoder = new RecordEncoder(scratch.resolve("records-crc"), true);
        bornV4 = new InetSocketAddress(InetAddress.getByAddress(new byte[] {10, 0, 0, 2}), 54321);
        storeV4 = new InetSocketAddress(InetAddress.getByAddress(new byte[] {(byte) 192, (byte) 168, (byte) 200, 1}), 10911);
        bornV6 = new InetSocketAddress(InetAddress.getByName("2001:db8::2"), 65535);
        storeV6 = new InetSocketAddress(InetAddress.getByName("fd00::1:2:3:4"), 10911);
    }

    void record() throws Exception {
        plainRecords();
        hosts();
        transactions();
        compressed();
        batches();
    }

    private MessageExtBrokerInner message(String topic, byte[] body, Map<String, String> properties) {
        MessageExtBrokerInner message = new MessageExtBrokerInner();
        message.setTopic(topic);
        message.setBody(body);
        MessageAccessor.setProperties(message, new LinkedHashMap<>(properties));
        message.setPropertiesString(MessageDecoder.messageProperties2String(message.getProperties()));
        message.setQueueId(3);
        message.setFlag(0);
        message.setSysFlag(0);
        message.setQueueOffset(42);
        message.setBornTimestamp(T0);
        message.setBornHost(bornV4);
        message.setStoreTimestamp(T0 + 5);
        message.setStoreHost(storeV4);
        message.setReconsumeTimes(0);
        message.setPreparedTransactionOffset(0);
        return message;
    }

    private static Map<String, String> plainProperties() {
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put("KEYS", "key-1 key-2");
        properties.put("UNIQ_KEY", FrameRecorder.UNIQUE_ID);
        properties.put("CLUSTER", "DefaultCluster");
        properties.put("TAGS", "TagA");
        return properties;
    }

    private void plainRecords() throws Exception {
        byte[] hello = FrameRecorder.text("Hello RocketMQ 0");
        add("v1", "keys, tag and unique key", message("TopicTest", hello, plainProperties()), 8_000);
        add("v1.no-properties", "properties length 0", message("TopicTest", hello, Map.of()), 0);
        add("v1.empty-body", "body length 0", message("TopicTest", new byte[0], plainProperties()), 8_000);
        add("v1.awkward-properties", "unicode tag and keys, quotes, controls, emoji",
            message("TopicTest", FrameRecorder.text("\u6d88\u606f \ud83d\ude00"), FrameRecorder.AWKWARD_PROPERTIES), 8_000);
        add("v1.binary-body", "all byte values", message("TopicTest", everyByte(), plainProperties()), 8_000);
        MessageExtBrokerInner limits = message("T".repeat(127), hello, plainProperties());
        limits.setQueueId(Integer.MAX_VALUE);
        limits.setFlag(Integer.MIN_VALUE);
        limits.setQueueOffset(9_007_199_254_740_991L);
        limits.setReconsumeTimes(16);
        add("v1.limits", "longest v1 topic, extreme numbers", limits, 9_007_199_254_740_991L);
        String longTopic = "%RETRY%" + "Group_".repeat(20) + "x";
        add("v2", "topic of 128 characters", message(longTopic, hello, plainProperties()), 8_000);
        add("v2.long-topic", "topic of 255 characters", message("%RETRY%" + "g".repeat(248), hello, plainProperties()), 8_000);
        MessageExtBrokerInner crc = message("TopicTest", hello, plainProperties());
        byte[] crcRecord = crcEncoder.record(crc, 8_000);
        golden.add("record.v1.property-crc", "record", "broker option enabledAppendPropCRC: checksum property at the end",
            JAVA, Records.describe(ByteBuffer.wrap(crcRecord)), crcRecord);
    }

    private void hosts() throws Exception {
        byte[] hello = FrameRecorder.text("Hello RocketMQ 0");
        MessageExtBrokerInner bothV6 = message("TopicTest", hello, plainProperties());
        bothV6.setBornHost(bornV6);
        bothV6.setStoreHost(storeV6);
        add("v1.ipv6", "born and store host IPv6", bothV6, 8_000);
        MessageExtBrokerInner bornOnly = message("TopicTest", hello, plainProperties());
        bornOnly.setBornHost(bornV6);
        add("v1.ipv6-born", "only the born host IPv6", bornOnly, 8_000);
        MessageExtBrokerInner storeOnly = message("%RETRY%" + "g".repeat(150), hello, plainProperties());
        storeOnly.setStoreHost(storeV6);
        add("v2.ipv6-store", "only the store host IPv6, long topic", storeOnly, 8_000);
    }

    private void transactions() throws Exception {
        Map<String, Integer> types = new LinkedHashMap<>();
        types.put("prepared", MessageSysFlag.TRANSACTION_PREPARED_TYPE);
        types.put("commit", MessageSysFlag.TRANSACTION_COMMIT_TYPE);
        types.put("rollback", MessageSysFlag.TRANSACTION_ROLLBACK_TYPE);
        for (Map.Entry<String, Integer> type : types.entrySet()) {
            MessageExtBrokerInner message = message("TopicTest", FrameRecorder.text("half"), plainProperties());
            message.setSysFlag(type.getValue());
            message.setPreparedTransactionOffset(7_000);
            add("v1.transaction-" + type.getKey(), "queue offset 42 asked for; prepared and rollback get 0", message, 8_000);
        }
    }

    private void compressed() throws Exception {
        byte[] body = FrameRecorder.text("compress me, please. ".repeat(40));
        for (CompressionType type : CompressionType.values()) {
            MessageExtBrokerInner message = message("TopicTest",
                CompressorFactory.getCompressor(type).compress(body, 5), plainProperties());
            message.setSysFlag(MessageSysFlag.COMPRESSED_FLAG | type.getCompressionFlag());
            byte[] record = encoder.record(message, 8_000);
            golden.add("record.v1.compressed-" + type.name().toLowerCase(), "record", "compressed body", JAVA,
                Records.describe(ByteBuffer.wrap(record)), record, type == CompressionType.ZLIB);
        }
        MessageExtBrokerInner old = message("TopicTest",
            CompressorFactory.getCompressor(CompressionType.ZLIB).compress(body, 5), plainProperties());
        old.setSysFlag(MessageSysFlag.COMPRESSED_FLAG);
        byte[] record = encoder.record(old, 8_000);
        golden.add("record.v1.compressed-without-type", "record", "compressed by a 4.x client: zlib, type bits 0", JAVA,
            Records.describe(ByteBuffer.wrap(record)), record, true);
    }

    private void batches() throws Exception {
        List<Message> messages = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Message message = new Message("TopicTest", FrameRecorder.text("batch " + i));
            Map<String, String> properties = i == 1 ? FrameRecorder.AWKWARD_PROPERTIES : Map.of("UNIQ_KEY", FrameRecorder.UNIQUE_ID);
            MessageAccessor.setProperties(message, new LinkedHashMap<>(properties));
            message.setFlag(i - 1);
            messages.add(message);
        }
        byte[] body = MessageBatch.generateFromList(messages).encode();
        golden.add("batch.three", "batch-body", "three messages", "org.apache.rocketmq.common.message.MessageBatch.encode",
            batchValue(body), body);
        Message bare = new Message("TopicTest", new byte[0]);
        MessageAccessor.setProperties(bare, new LinkedHashMap<>());
        byte[] bareBody = MessageDecoder.encodeMessages(List.of(bare));
        golden.add("batch.bare", "batch-body", "one message without body and properties",
            "org.apache.rocketmq.common.message.MessageDecoder.encodeMessages", batchValue(bareBody), bareBody);

        MessageExtBatch batch = new MessageExtBatch();
        batch.setTopic("TopicTest");
        batch.setBody(body);
        batch.setQueueId(1);
        batch.setQueueOffset(100);
        batch.setBornTimestamp(T0);
        batch.setBornHost(bornV4);
        batch.setStoreTimestamp(T0 + 5);
        batch.setStoreHost(storeV4);
        byte[] records = encoder.records(batch, 8_000);
        addAll("batch-of-three", "the records that batch.three.bin becomes", records);

        ByteArrayOutputStream pull = new ByteArrayOutputStream();
        for (int i = 0; i < 4; i++) {
            MessageExtBrokerInner message = message("TopicTest", FrameRecorder.text("pull " + i), plainProperties());
            message.setQueueOffset(42 + i);
            pull.write(encoder.record(message, 8_000 + pull.size()));
        }
        addAll("pull-body", "four records one after the other, as a pull response carries them", pull.toByteArray());
    }

    private static Map<String, Object> batchValue(byte[] body) throws Exception {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("messages", Records.describeBatchBody(body));
        return value;
    }

    private void addAll(String name, String what, byte[] records) throws Exception {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("records", Records.describeAll(records));
        golden.add("records." + name, "records", what, JAVA, value, records);
    }

    private void add(String name, String what, MessageExtBrokerInner message, long commitLogOffset) throws Exception {
        byte[] record = encoder.record(message, commitLogOffset);
        golden.add("record." + name, "record", what, JAVA, Records.describe(ByteBuffer.wrap(record)), record);
    }

    private static byte[] everyByte() {
        byte[] bytes = new byte[256];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) i;
        }
        return bytes;
    }
}
