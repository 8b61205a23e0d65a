package rocketmqts.extract;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.rocketmq.common.BrokerConfig;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExtBatch;
import org.apache.rocketmq.common.message.MessageExtBrokerInner;
import org.apache.rocketmq.common.sysflag.MessageSysFlag;
import org.apache.rocketmq.store.CommitLog;
import org.apache.rocketmq.store.DefaultMessageStore;
import org.apache.rocketmq.store.PutMessageResult;
import org.apache.rocketmq.store.config.MessageStoreConfig;
import org.apache.rocketmq.store.stats.BrokerStatsManager;

/**
 * Lets a real {@code DefaultMessageStore} write a small store: {@code store-small/}.
 *
 * <p>The store stamps the clock into every record. So it runs twice: the first run writes the commit
 * log, whose store timestamps are then set to fixed values; the second run starts on that commit log
 * alone and builds consume queues and index from it. What then still names the clock (the index
 * file's name, the checkpoint) is set to fixed values as well.
 */
final class StoreRecorder {
    static final int COMMIT_LOG_FILE_BYTES = 64 * 1024;
    static final int CONSUME_QUEUE_FILE_BYTES = 10 * 20;
    static final int INDEX_SLOTS = 100;
    static final int INDEX_ENTRIES = 400;
    private static final int MESSAGES = 60;
    private static final long T0 = FrameRecorder.T0;
    private static final String INDEX_FILE_NAME = "20231114221320000";
    /** Position of the store timestamp in a record whose born host is IPv4. */
    private static final int STORE_TIMESTAMP_AT = 4 * 5 + 8 * 2 + 4 + 8 + 8;
    private static final int SYS_FLAG_AT = 4 * 5 + 8 * 2;

    private final Path target;
    private final Path work;

    StoreRecorder(Path outputDirectory, Path scratch) {
        this.target = outputDirectory.resolve("store-small");
        this.work = scratch.resolve("store-small");
    }

    void record() throws Exception {
        writeMessages();
        fixStoreTimestamps();
        for (String derived : List.of("consumequeue", "index", "checkpoint", "rocksdbstore")) {
            delete(work.resolve(derived));
        }
        rebuild();
        fixIndexName();
        fixCheckpoint();
        delete(target);
        copy();
        Files.writeString(target.resolveSibling("store-small.json"), JsonText.write(StoreListing.describe(target)));
    }

    private DefaultMessageStore open() throws Exception {
        MessageStoreConfig config = new MessageStoreConfig();
        config.setStorePathRootDir(work.toString());
        config.setMappedFileSizeCommitLog(COMMIT_LOG_FILE_BYTES);
        config.setMappedFileSizeConsumeQueue(CONSUME_QUEUE_FILE_BYTES);
        config.setMaxHashSlotNum(INDEX_SLOTS);
        config.setMaxIndexNum(INDEX_ENTRIES);
        config.setMaxMessageSize(COMMIT_LOG_FILE_BYTES / 2);
        config.setHaListenPort(0);
        DefaultMessageStore store = new DefaultMessageStore(config, new BrokerStatsManager("DefaultCluster", false),
            null, new BrokerConfig(), new ConcurrentHashMap<>());
        if (!store.load()) {
            throw new IllegalStateException("store does not load");
        }
        store.start();
        return store;
    }

    private void writeMessages() throws Exception {
        DefaultMessageStore store = open();
        for (int i = 0; i < MESSAGES; i++) {
            expectOk(store.putMessage(message(i)));
        }
        expectOk(store.putMessages(batch()));
        close(store);
    }

    private static void expectOk(PutMessageResult result) {
        if (!result.isOk()) {
            throw new IllegalStateException("store answered " + result.getPutMessageStatus());
        }
    }

    /** Two topics with two queues each; every seventh message is out of the ordinary. */
    private static MessageExtBrokerInner message(int i) throws Exception {
        MessageExtBrokerInner message = new MessageExtBrokerInner();
        message.setTopic(i % 2 == 0 ? "TopicA" : "TopicB");
        message.setQueueId(i / 2 % 2);
        message.setBody(FrameRecorder.text(("message " + i + " ").repeat(90 + i % 10)));
        message.setBornTimestamp(T0 + i * 1000L);
        message.setBornHost(host("10.0.0.2", 54321));
        message.setStoreHost(host("10.0.0.1", 10911));
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put("KEYS", "key-" + i + " shared");
        properties.put("UNIQ_KEY", String.format("0A000002A3B418B4AAC2%08X%04X", i * 1000, i));
        properties.put("TAGS", "Tag" + i % 3);
        switch (i) {
            case 7 -> message.setSysFlag(MessageSysFlag.TRANSACTION_PREPARED_TYPE);
            case 14 -> message.setSysFlag(MessageSysFlag.TRANSACTION_COMMIT_TYPE);
            case 21 -> message.setSysFlag(MessageSysFlag.TRANSACTION_ROLLBACK_TYPE);
            case 28 -> {
                message.setTopic("SCHEDULE_TOPIC_XXXX");
                message.setQueueId(2);
                properties.put("DELAY", "3");
                properties.put("REAL_TOPIC", "TopicA");
                properties.put("REAL_QID", "0");
            }
            case 35 -> properties.put("TAGS", "T\u00e9g\u8ba2");
            case 42 -> message.setBornHost(host("2001:db8::2", 54321));
            case 49 -> properties.clear();
            case 56 -> message.setTopic("%RETRY%" + "g".repeat(150));
            default -> { }
        }
        MessageAccessor.setProperties(message, properties);
        message.setPropertiesString(MessageDecoder.messageProperties2String(properties));
        return message;
    }

    private static MessageExtBatch batch() throws Exception {
        MessageExtBatch batch = new MessageExtBatch();
        batch.setTopic("TopicA");
        batch.setQueueId(1);
        batch.setBornTimestamp(T0 + MESSAGES * 1000L);
        batch.setBornHost(host("10.0.0.2", 54321));
        batch.setStoreHost(host("10.0.0.1", 10911));
        Message first = new Message("TopicA", "Tag0", "batch-key-1", FrameRecorder.text("batch message 1"));
        Message second = new Message("TopicA", "Tag1", "batch-key-2", FrameRecorder.text("batch message 2"));
        for (Message message : List.of(first, second)) {
            MessageAccessor.setProperties(message, new LinkedHashMap<>(message.getProperties()));
            message.putUserProperty("n", message.getKeys());
        }
        batch.setBody(MessageDecoder.encodeMessages(List.of(first, second)));
        return batch;
    }

    private static InetSocketAddress host(String ip, int port) throws IOException {
        return new InetSocketAddress(InetAddress.getByName(ip), port);
    }

    private void rebuild() throws Exception {
        DefaultMessageStore store = open();
        close(store);
    }

    private static void close(DefaultMessageStore store) throws InterruptedException {
        long deadlineMs = System.currentTimeMillis() + 20_000;
        while (store.dispatchBehindBytes() > 0) {
            if (System.currentTimeMillis() > deadlineMs) {
                throw new IllegalStateException("store does not finish building its queues");
            }
            Thread.sleep(5);
        }
        store.shutdown();
    }

    /** Store time of a record: half a second after the born time, in commit log order. */
    private void fixStoreTimestamps() throws IOException {
        int count = 0;
        for (Path file : files(work.resolve("commitlog"))) {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
            int at = 0;
            while (at + 8 <= bytes.capacity() && bytes.getInt(at) > 0 && bytes.getInt(at + 4) != CommitLog.BLANK_MAGIC_CODE) {
                boolean bornV6 = (bytes.getInt(at + SYS_FLAG_AT) & MessageSysFlag.BORNHOST_V6_FLAG) != 0;
                bytes.putLong(at + STORE_TIMESTAMP_AT + (bornV6 ? 12 : 0), T0 + count++ * 1000L + 500);
                at += bytes.getInt(at);
            }
            Files.write(file, bytes.array());
        }
        if (count != MESSAGES + 2) {
            throw new IllegalStateException("commit log holds " + count + " records");
        }
    }

    private void fixIndexName() throws IOException {
        List<Path> indexFiles = files(work.resolve("index"));
        if (indexFiles.size() != 1) {
            throw new IllegalStateException("index files: " + indexFiles);
        }
        Files.move(indexFiles.get(0), work.resolve("index").resolve(INDEX_FILE_NAME));
    }

    /** The first three fields are the times of the last flushed commit log, consume queue and index data. */
    private void fixCheckpoint() throws IOException {
        Path file = work.resolve("checkpoint");
        ByteBuffer checkpoint = ByteBuffer.wrap(Files.readAllBytes(file));
        long lastStoreTimestamp = T0 + (MESSAGES + 1) * 1000L + 500;
        for (int field = 0; field < 3; field++) {
            checkpoint.putLong(field * 8, lastStoreTimestamp);
        }
        Files.write(file, checkpoint.array());
    }

    static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }

    private static void delete(Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private void copy() throws IOException {
        for (String part : List.of("commitlog", "consumequeue", "index", "checkpoint", "lock")) {
            try (Stream<Path> files = Files.walk(work.resolve(part))) {
                files.filter(Files::isRegularFile).forEach(this::copyFile);
            }
        }
    }

    private void copyFile(Path file) {
        try {
            Path to = target.resolve(work.relativize(file).toString());
            Files.createDirectories(to.getParent());
            Files.copy(file, to);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
