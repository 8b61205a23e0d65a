package rocketmqts.extract;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.rocketmq.common.UtilAll;
import org.apache.rocketmq.common.message.MessageClientIDSetter;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageId;

/** Records properties texts and message ids, both of which are plain UTF-8 text on the wire. */
final class TextRecorder {
    private static final String DECODER = "org.apache.rocketmq.common.message.MessageDecoder.";

    private final GoldenFiles golden;

    TextRecorder(GoldenFiles golden) {
        this.golden = golden;
    }

    void record() throws Exception {
        encodedProperties();
        decodedProperties();
        messageIds();
        uniqueIds();
    }

    private void encodedProperties() throws Exception {
        encode("plain", Map.of("TAGS", "TagA"));
        encode("awkward", FrameRecorder.AWKWARD_PROPERTIES);
        encode("empty", Map.of());
        Map<String, String> emptyValue = new LinkedHashMap<>();
        emptyValue.put("a", "");
        emptyValue.put("b", "2");
        encode("empty-value", emptyValue);
    }

    private void encode(String name, Map<String, String> properties) throws Exception {
        String text = MessageDecoder.messageProperties2String(properties);
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("text", text);
        value.put("properties", Describe.pairs(properties));
        golden.add("properties." + name, "properties", "map to text", DECODER + "messageProperties2String", value,
            FrameRecorder.text(text));
    }

    /** Texts that no encoder of ours writes, and what the official reader makes of them. */
    private void decodedProperties() throws Exception {
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put("no-last-separator", "a\u0001b\u0002c\u0001d");
        texts.put("empty-value", "a\u0001\u0002bb\u0001\u0002c\u0001d\u0002");
        texts.put("empty-name", "\u0001vv\u0002c\u0001d\u0002");
        texts.put("no-name-separator", "abc\u0002c\u0001d\u0002");
        texts.put("empty-parts", "\u0002\u0002\u0002c\u0001d\u0002\u0002");
        texts.put("repeated-name", "c\u0001first\u0002c\u0001second\u0002");
        texts.put("separator-in-value", "a\u0001b\u0001c\u0002c\u0001d\u0002");
        for (Map.Entry<String, String> text : texts.entrySet()) {
            Map<String, Object> value = new LinkedHashMap<>();
            value.put("text", text.getValue());
            value.put("decoded", new TreeMap<>(MessageDecoder.string2messageProperties(text.getValue())));
            golden.add("properties-text." + text.getKey(), "properties-text", "text to map", DECODER + "string2messageProperties",
                value, FrameRecorder.text(text.getValue()));
        }
    }

    private void messageIds() throws Exception {
        messageId("ipv4", "192.168.200.1", 10911, 8_000);
        messageId("ipv4-limits", "255.255.255.255", 65535, 9_007_199_254_740_991L);
        messageId("ipv6", "2001:db8::ff00:42:8329", 10911, 8_000);
    }

    private void messageId(String name, String ip, int port, long commitLogOffset) throws Exception {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(ip), port);
        byte[] ipBytes = address.getAddress().getAddress();
        ByteBuffer host = ByteBuffer.allocate(ipBytes.length + 4).put(ipBytes).putInt(port).flip();
        String id = MessageDecoder.createMessageId(ByteBuffer.allocate(ipBytes.length + 4 + 8), host, commitLogOffset);
        MessageId decoded = MessageDecoder.decodeMessageId(id);
        if (!decoded.getAddress().equals(address) || decoded.getOffset() != commitLogOffset) {
            throw new IllegalStateException("message id does not decode to its parts");
        }
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("id", id);
        value.put("host", Describe.host(address));
        value.put("commitLogOffset", commitLogOffset);
        golden.add("message-id." + name, "message-id", "offset message id", DECODER + "createMessageId", value,
            FrameRecorder.text(id));
    }

    /**
     * Unique ids contain the maker's address, process id and clock, so the official creator cannot be
     * run reproducibly: these are laid out here and read with the official decoding methods.
     */
    private void uniqueIds() throws Exception {
        uniqueId("ipv4", "10.0.0.1");
        uniqueId("ipv6", "2001:db8::1");
    }

    private void uniqueId(String name, String ip) throws Exception {
        byte[] ipBytes = InetAddress.getByName(ip).getAddress();
        ByteBuffer buffer = ByteBuffer.allocate(ipBytes.length + 2 + 4 + 4 + 2);
        buffer.put(ipBytes).putShort((short) 0xA3B4).putInt(0x18B4AAC2).putInt(86_400_123).putShort((short) 0xFFFE);
        String id = UtilAll.bytes2string(buffer.array());
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("id", id);
        value.put("ip", MessageClientIDSetter.getIPStrFromID(id));
        value.put("pid", MessageClientIDSetter.getPidFromID(id));
        value.put("classLoaderHash", 0x18B4AAC2);
        value.put("millisSinceMonthStart", 86_400_123);
        value.put("counter", 0xFFFE);
        golden.add("unique-id." + name, "unique-id", "client's unique message id",
            "org.apache.rocketmq.common.message.MessageClientIDSetter.getIPStrFromID, getPidFromID", value, FrameRecorder.text(id));
    }
}
