package rocketmqts.extract;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageExtBrokerInner;
import org.apache.rocketmq.common.message.MessageVersion;

/** Describes stored message records and batch bodies by decoding them with {@code MessageDecoder}. */
final class Records {
    /** Property under which MessageDecoder hands out the undecoded properties text on request. */
    private static final String PROPERTIES_TEXT = "propertiesString";

    private Records() {
    }

    /** Every record of a buffer. */
    static List<Object> describeAll(byte[] records) {
        List<Object> list = new ArrayList<>();
        ByteBuffer buffer = ByteBuffer.wrap(records);
        while (buffer.hasRemaining()) {
            list.add(describe(buffer));
        }
        return list;
    }

    /**
     * The record at the buffer's position, which moves behind it.
     *
     * <p>{@code bodyHex} is the body after decompression, {@code storedBodyHex} and {@code bodyCrc}
     * belong to the bytes in the record; both are left out for zlib, whose output is not fixed.
     */
    static Map<String, Object> describe(ByteBuffer buffer) {
        ByteBuffer raw = buffer.slice();
        int sizeBytes = raw.getInt(0);
        int magicCode = raw.getInt(4);
        int sysFlag = raw.getInt(4 * 5 + 8 * 2);
        MessageExt stored = decode(buffer.slice(buffer.position(), sizeBytes), false, true);
        MessageExt message = decode(buffer.slice(buffer.position(), sizeBytes), true, false);
        buffer.position(buffer.position() + sizeBytes);
        String propertiesText = stored.getProperties() == null ? "" : stored.getProperties().getOrDefault(PROPERTIES_TEXT, "");
        boolean zlib = isZlib(sysFlag);

        Map<String, Object> value = new LinkedHashMap<>();
        value.put("version", MessageVersion.valueOfMagicCode(magicCode) == MessageVersion.MESSAGE_VERSION_V2 ? 2 : 1);
        value.put("topic", message.getTopic());
        value.put("queueId", message.getQueueId());
        value.put("flag", message.getFlag());
        value.put("queueOffset", message.getQueueOffset());
        value.put("commitLogOffset", message.getCommitLogOffset());
        value.put("sysFlag", sysFlag);
        value.put("bornTimestamp", message.getBornTimestamp());
        value.put("bornHost", Describe.host((InetSocketAddress) message.getBornHost()));
        value.put("storeTimestamp", message.getStoreTimestamp());
        value.put("storeHost", Describe.host((InetSocketAddress) message.getStoreHost()));
        value.put("reconsumeTimes", message.getReconsumeTimes());
        value.put("preparedTransactionOffset", message.getPreparedTransactionOffset());
        value.put("bodyHex", hexOrEmpty(message.getBody()));
        if (!zlib) {
            value.put("storedBodyHex", hexOrEmpty(stored.getBody()));
            value.put("bodyCrc", message.getBodyCRC());
        }
        value.put("propertiesText", propertiesText);
        value.put("properties", pairs(propertiesText));
        value.put("offsetMsgId", message.getMsgId());
        value.put("tagsCode", MessageExtBrokerInner.tagsString2tagsCode(message.getTags()));
        return value;
    }

    static boolean isZlib(int sysFlag) {
        return (sysFlag & 1) != 0 && ((sysFlag >> 8) & 7) % 3 == 0;
    }

    private static MessageExt decode(ByteBuffer record, boolean decompress, boolean keepPropertiesText) {
        MessageExt message = MessageDecoder.decode(record, true, decompress, false, keepPropertiesText, true);
        if (message == null) {
            throw new IllegalArgumentException("MessageDecoder cannot read the record");
        }
        return message;
    }

    /** Properties in the order of the text; MessageDecoder itself keeps no order. */
    private static List<Object> pairs(String propertiesText) {
        Map<String, String> decoded = MessageDecoder.string2messageProperties(propertiesText);
        Map<String, String> ordered = new LinkedHashMap<>();
        for (String part : propertiesText.split("\u0002")) {
            String name = part.split("\u0001")[0];
            if (decoded.containsKey(name)) {
                ordered.put(name, decoded.get(name));
            }
        }
        if (!ordered.equals(decoded)) {
            throw new IllegalStateException("ordering the properties lost some");
        }
        return Describe.pairs(ordered);
    }

    static List<Object> describeBatchBody(byte[] body) throws Exception {
        List<Object> list = new ArrayList<>();
        ByteBuffer buffer = ByteBuffer.wrap(body);
        while (buffer.hasRemaining()) {
            int start = buffer.position();
            Message message = MessageDecoder.decodeMessage(buffer);
            String propertiesText = batchPropertiesText(body, start);
            Map<String, Object> value = new LinkedHashMap<>();
            value.put("flag", message.getFlag());
            value.put("bodyHex", hexOrEmpty(message.getBody()));
            value.put("propertiesText", propertiesText);
            value.put("properties", pairs(propertiesText));
            list.add(value);
        }
        return list;
    }

    private static String batchPropertiesText(byte[] body, int start) {
        ByteBuffer buffer = ByteBuffer.wrap(body);
        int propertiesAt = start + 4 * 5 + buffer.getInt(start + 4 * 4);
        return new String(body, propertiesAt + 2, buffer.getShort(propertiesAt), MessageDecoder.CHARSET_UTF8);
    }

    private static String hexOrEmpty(byte[] bytes) {
        return bytes == null ? "" : Describe.hex(bytes);
    }
}
