package rocketmqts.extract;

import com.alibaba.fastjson2.JSON;
import com.alibaba.fastjson2.JSONObject;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.remoting.CommandCustomHeader;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;
import org.apache.rocketmq.remoting.protocol.SerializeType;

/** Encodes and describes whole remoting frames as {@code NettyEncoder} puts them on the wire. */
final class Frames {
    static final String JAVA = "org.apache.rocketmq.remoting.protocol.RemotingCommand.fastEncodeHeader + body (NettyEncoder)";

    private Frames() {
    }

    static byte[] encode(RemotingCommand command) {
        ByteBuf out = Unpooled.buffer();
        command.fastEncodeHeader(out);
        if (command.getBody() != null) {
            out.writeBytes(command.getBody());
        }
        byte[] bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        return bytes;
    }

    static RemotingCommand decode(byte[] frame) throws Exception {
        ByteBuffer buffer = ByteBuffer.wrap(frame);
        int lengthBytes = buffer.getInt();
        if (lengthBytes != frame.length - 4) {
            throw new IllegalArgumentException("frame says " + lengthBytes + " bytes, has " + (frame.length - 4));
        }
        return RemotingCommand.decode(buffer.slice());
    }

    /** Ext fields as pairs in the order in which the frame carries them. */
    static List<Object> extFieldsInWireOrder(byte[] frame) {
        ByteBuffer buffer = ByteBuffer.wrap(frame);
        int headerMark = buffer.getInt(4);
        byte[] header = new byte[headerMark & 0xFFFFFF];
        buffer.position(8).get(header);
        if (headerMark >>> 24 == SerializeType.JSON.getCode()) {
            JSONObject fields = JSON.parseObject(header).getJSONObject("extFields");
            List<Object> pairs = new ArrayList<>();
            if (fields != null) {
                fields.forEach((k, v) -> pairs.add(List.of(k, v)));
            }
            return pairs;
        }
        return rocketmqExtFields(ByteBuffer.wrap(header));
    }

    private static List<Object> rocketmqExtFields(ByteBuffer header) {
        List<Object> pairs = new ArrayList<>();
        header.position(2 + 1 + 2 + 4 + 4);
        int remarkBytes = header.getInt();
        header.position(header.position() + remarkBytes);
        header.getInt();
        while (header.hasRemaining()) {
            String key = text(header, header.getShort());
            pairs.add(List.of(key, text(header, header.getInt())));
        }
        return pairs;
    }

    private static String text(ByteBuffer buffer, int lengthBytes) {
        byte[] bytes = new byte[lengthBytes];
        buffer.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    static Map<String, Object> describe(RemotingCommand command, CommandCustomHeader header, List<Object> extFields) {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("serializeType", command.getSerializeTypeCurrentRPC().name());
        value.put("code", command.getCode());
        value.put("language", command.getLanguage().name());
        value.put("version", command.getVersion());
        value.put("opaque", command.getOpaque());
        value.put("flag", command.getFlag());
        value.put("remark", command.getRemark());
        value.put("extFields", extFields);
        value.put("headerClass", header == null ? null : header.getClass().getSimpleName());
        value.put("header", header == null ? null : Describe.header(header));
        value.put("bodyHex", Describe.hex(command.getBody()));
        return value;
    }
}
