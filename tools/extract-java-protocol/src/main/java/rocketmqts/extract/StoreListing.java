package rocketmqts.extract;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.rocketmq.store.CommitLog;

/** Says in JSON what the files of {@code store-small/} hold, so that a test can compare field by field. */
final class StoreListing {
    private static final int INDEX_HEADER_BYTES = 40;
    private static final int SLOT_BYTES = 4;
    private static final int ENTRY_BYTES = 20;

    private StoreListing() {
    }

    static Map<String, Object> describe(Path store) throws IOException {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("source", "org.apache.rocketmq.store.DefaultMessageStore " + CommandsExtractor.rocketmqVersion());
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("mappedFileSizeCommitLog", StoreRecorder.COMMIT_LOG_FILE_BYTES);
        config.put("mappedFileSizeConsumeQueue", StoreRecorder.CONSUME_QUEUE_FILE_BYTES);
        config.put("maxHashSlotNum", StoreRecorder.INDEX_SLOTS);
        config.put("maxIndexNum", StoreRecorder.INDEX_ENTRIES);
        root.put("config", config);
        root.put("files", files(store));
        commitLog(store, root);
        root.put("consumeQueues", consumeQueues(store.resolve("consumequeue")));
        root.put("index", index(StoreRecorder.files(store.resolve("index")).get(0)));
        root.put("checkpoint", checkpoint(Files.readAllBytes(store.resolve("checkpoint"))));
        return root;
    }

    private static Map<String, Object> files(Path store) throws IOException {
        Map<String, Object> sizes = new TreeMap<>();
        try (Stream<Path> files = Files.walk(store)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                sizes.put(store.relativize(file).toString(), Files.size(file));
            }
        }
        return sizes;
    }

    private static void commitLog(Path store, Map<String, Object> root) throws IOException {
        List<Object> records = new ArrayList<>();
        List<Object> blanks = new ArrayList<>();
        long endOffset = 0;
        for (Path file : StoreRecorder.files(store.resolve("commitlog"))) {
            long fileFrom = Long.parseLong(file.getFileName().toString());
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
            while (bytes.remaining() >= 8 && bytes.getInt(bytes.position()) > 0) {
                int at = bytes.position();
                if (bytes.getInt(at + 4) == CommitLog.BLANK_MAGIC_CODE) {
                    blanks.add(Map.of("commitLogOffset", fileFrom + at));
                    break;
                }
                Map<String, Object> record = Records.describe(bytes);
                record.remove("storedBodyHex");
                record.remove("properties");
                record.put("sizeBytes", bytes.position() - at);
                records.add(record);
                endOffset = fileFrom + bytes.position();
            }
        }
        root.put("records", records);
        root.put("blanks", blanks);
        root.put("maxCommitLogOffset", endOffset);
    }

    /** Per {@code topic/queueId} the units as {@code [commitLogOffset, sizeBytes, tagsCode]}. */
    private static Map<String, Object> consumeQueues(Path directory) throws IOException {
        Map<String, Object> queues = new TreeMap<>();
        for (Path topic : StoreRecorder.files(directory)) {
            for (Path queue : StoreRecorder.files(topic)) {
                List<Object> units = new ArrayList<>();
                for (Path file : StoreRecorder.files(queue)) {
                    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
                    while (bytes.hasRemaining()) {
                        long commitLogOffset = bytes.getLong();
                        int sizeBytes = bytes.getInt();
                        long tagsCode = bytes.getLong();
                        if (sizeBytes > 0) {
                            units.add(List.of(commitLogOffset, sizeBytes, tagsCode));
                        }
                    }
                }
                queues.put(topic.getFileName() + "/" + queue.getFileName(), units);
            }
        }
        return queues;
    }

    private static Map<String, Object> index(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("beginTimestamp", bytes.getLong(0));
        value.put("endTimestamp", bytes.getLong(8));
        value.put("beginPhyOffset", bytes.getLong(16));
        value.put("endPhyOffset", bytes.getLong(24));
        value.put("hashSlotCount", bytes.getInt(32));
        int indexCount = bytes.getInt(36);
        value.put("indexCount", indexCount);
        Map<String, Object> slots = new LinkedHashMap<>();
        for (int slot = 0; slot < StoreRecorder.INDEX_SLOTS; slot++) {
            int newest = bytes.getInt(INDEX_HEADER_BYTES + slot * SLOT_BYTES);
            if (newest != 0) {
                slots.put(Integer.toString(slot), newest);
            }
        }
        value.put("slots", slots);
        List<Object> entries = new ArrayList<>();
        for (int entry = 1; entry < indexCount; entry++) {
            int at = INDEX_HEADER_BYTES + StoreRecorder.INDEX_SLOTS * SLOT_BYTES + entry * ENTRY_BYTES;
            entries.add(List.of(entry, bytes.getInt(at), bytes.getLong(at + 4), bytes.getInt(at + 12), bytes.getInt(at + 16)));
        }
        value.put("entryFields", List.of("number", "keyHash", "commitLogOffset", "timeDiffSeconds", "previousNumber"));
        value.put("entries", entries);
        return value;
    }

    private static Map<String, Object> checkpoint(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        Map<String, Object> value = new LinkedHashMap<>();
        for (String field : List.of("physicMsgTimestamp", "logicsMsgTimestamp", "indexMsgTimestamp", "masterFlushedOffset",
            "confirmPhyOffset", "logicsPhysicalOffset")) {
            value.put(field, buffer.getLong());
        }
        return value;
    }
}
