package rocketmqts.extract;

import com.alibaba.fastjson2.JSON;
import com.alibaba.fastjson2.JSONArray;
import com.alibaba.fastjson2.JSONObject;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.rocketmq.common.message.MessageClientIDSetter;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageId;
import org.apache.rocketmq.remoting.CommandCustomHeader;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;
import org.apache.rocketmq.remoting.protocol.RemotingSerializable;

/**
 * Decodes files that somebody else wrote with the official classes: {@code CheckFrames <directory>}.
 *
 * <p>The directory holds {@code .bin} files and an {@code index.json} shaped like ours ({@code file},
 * {@code kind}, {@code value}). Every field that an entry's value names must come out of the bytes;
 * fields it leaves out are not compared. One line per file; exit code 1 when any file differs.
 */
public final class CheckFrames {
    private final Path directory;
    private final Map<String, Class<?>> headerClasses;

    private CheckFrames(Path directory) throws Exception {
        this.directory = directory;
        this.headerClasses = CommandsExtractor.headerClasses();
    }

    public static void main(String[] args) throws Exception {
        boolean quiet = args.length > 1 && args[1].equals("--quiet");
        int failures = new CheckFrames(Path.of(args[0])).run(quiet);
        System.exit(failures == 0 ? 0 : 1);
    }

    private int run(boolean quiet) throws Exception {
        JSONArray files = JSON.parseObject(Files.readString(directory.resolve("index.json"))).getJSONArray("files");
        int failures = 0;
        for (int i = 0; i < files.size(); i++) {
            JSONObject entry = files.getJSONObject(i);
            String problem = check(entry);
            failures += problem == null ? 0 : 1;
            if (problem != null) {
                System.out.println("FAIL " + entry.getString("file") + ": " + problem);
            } else if (!quiet) {
                System.out.println("ok   " + entry.getString("file"));
            }
        }
        if (files.isEmpty()) {
            System.out.println("FAIL index.json lists no files");
            return 1;
        }
        System.out.println("decoded by Java: " + (files.size() - failures) + " of " + files.size());
        return failures;
    }

    private String check(JSONObject entry) {
        try {
            byte[] bytes = Files.readAllBytes(directory.resolve(entry.getString("file")));
            JSONObject expected = entry.getJSONObject("value");
            return switch (entry.getString("kind")) {
                case "frame" -> frame(bytes, expected);
                case "record" -> records(bytes, JSONArray.of(expected));
                case "records" -> records(bytes, expected.getJSONArray("records"));
                case "batch-body" -> batchBody(bytes, expected.getJSONArray("messages"));
                case "body" -> body(bytes, expected);
                case "register-broker-compressed" ->
                    difference(expected.get("object"), Describe.value(BodyRecorder.decodeCompressed(bytes)), "object");
                case "properties" -> properties(bytes, asMap(expected.getJSONArray("properties")));
                case "properties-text" -> properties(bytes, expected.getJSONObject("decoded"));
                case "message-id" -> messageId(bytes, expected);
                case "unique-id" -> uniqueId(bytes, expected);
                default -> "unknown kind " + entry.getString("kind");
            };
        } catch (Exception | OutOfMemoryError e) {
            return e.toString();
        }
    }

    /**
     * ROCKETMQ serialisation cannot tell empty text from absent text, nor can a frame tell an empty body
     * from none; so empty and absent count as equal in frames.
     */
    private String frame(byte[] bytes, JSONObject expected) throws Exception {
        RemotingCommand command = Frames.decode(bytes);
        String headerClass = expected.getString("headerClass");
        Map<String, Object> actual = Frames.describe(command, null, null);
        actual.put("extFields", withoutEmpty(command.getExtFields()));
        Map<String, Object> wanted = new LinkedHashMap<>(expected);
        wanted.put("extFields", withoutEmpty(asMap(expected.getJSONArray("extFields"))));
        wanted.remove("header");
        wanted.remove("headerClass");
        for (String field : List.of("remark", "bodyHex")) {
            wanted.computeIfPresent(field, (k, v) -> v.equals("") ? null : v);
            actual.computeIfPresent(field, (k, v) -> v.equals("") ? null : v);
        }
        String problem = fieldDifference(wanted, actual, "");
        if (problem != null || headerClass == null) {
            return problem;
        }
        return header(command, headerClass, expected.getJSONObject("header"));
    }

    private String header(RemotingCommand command, String headerClass, JSONObject expected) throws Exception {
        Class<?> type = headerClasses.get(headerClass);
        if (type == null) {
            return "no header class " + headerClass;
        }
        CommandCustomHeader header = command.decodeCommandCustomHeader(type.asSubclass(CommandCustomHeader.class));
        if (expected == null) {
            return null;
        }
        Map<String, Object> wanted = withoutEmpty(expected);
        return fieldDifference(wanted, Describe.header(header), "header.");
    }

    private static String records(byte[] bytes, JSONArray expected) {
        List<Object> actual = Records.describeAll(bytes);
        if (actual.size() != expected.size()) {
            return "holds " + actual.size() + " records, expected " + expected.size();
        }
        return listDifference(expected, actual, "record ");
    }

    private static String batchBody(byte[] bytes, JSONArray expected) throws Exception {
        List<Object> actual = Records.describeBatchBody(bytes);
        if (actual.size() != expected.size()) {
            return "holds " + actual.size() + " messages, expected " + expected.size();
        }
        return listDifference(expected, actual, "message ");
    }

    private static String listDifference(JSONArray expected, List<Object> actual, String name) {
        for (int i = 0; i < actual.size(); i++) {
            String problem = fieldDifference(expected.getJSONObject(i), asObject(actual.get(i)), name + i + " ");
            if (problem != null) {
                return problem;
            }
        }
        return null;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> asObject(Object value) {
        return (Map<String, Object>) value;
    }

    private static String body(byte[] bytes, JSONObject expected) throws Exception {
        Class<?> type = Class.forName(expected.getString("class"));
        return difference(expected.get("object"), Describe.value(RemotingSerializable.decode(bytes, type)), "object");
    }

    private static String properties(byte[] bytes, Map<String, ?> expected) {
        Map<String, String> actual = MessageDecoder.string2messageProperties(new String(bytes, StandardCharsets.UTF_8));
        return difference(withoutEmpty(expected), actual, "properties");
    }

    private static String messageId(byte[] bytes, JSONObject expected) throws Exception {
        String text = new String(bytes, StandardCharsets.UTF_8);
        MessageId id = MessageDecoder.decodeMessageId(text);
        Map<String, Object> actual = new LinkedHashMap<>();
        actual.put("id", text);
        actual.put("host", Describe.host((InetSocketAddress) id.getAddress()));
        actual.put("commitLogOffset", id.getOffset());
        return fieldDifference(expected, actual, "");
    }

    private static String uniqueId(byte[] bytes, JSONObject expected) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        Map<String, Object> wanted = new LinkedHashMap<>();
        wanted.put("ip", expected.get("ip"));
        wanted.put("pid", expected.get("pid"));
        Map<String, Object> actual = new LinkedHashMap<>();
        actual.put("ip", MessageClientIDSetter.getIPStrFromID(text));
        actual.put("pid", MessageClientIDSetter.getPidFromID(text));
        return fieldDifference(wanted, actual, "");
    }

    /** Compares the fields that {@code expected} names; an unknown name is a difference. */
    private static String fieldDifference(Map<String, Object> expected, Map<String, Object> actual, String path) {
        for (Map.Entry<String, Object> field : expected.entrySet()) {
            if (!actual.containsKey(field.getKey()) && field.getValue() != null) {
                return path + field.getKey() + " does not come out of the bytes";
            }
            String problem = difference(field.getValue(), actual.get(field.getKey()), path + field.getKey());
            if (problem != null) {
                return problem;
            }
        }
        return null;
    }

    private static String difference(Object expected, Object actual, String path) {
        String wanted = JsonText.write(canonical(expected));
        String got = JsonText.write(canonical(actual));
        return wanted.equals(got) ? null : path + " is " + got.strip() + ", expected " + wanted.strip();
    }

    /** Sorted, without nulls, numbers in one form: the same value always gives the same text. */
    private static Object canonical(Object value) {
        if (value instanceof Map) {
            Map<String, Object> sorted = new TreeMap<>();
            ((Map<?, ?>) value).forEach((k, v) -> {
                if (v != null) {
                    sorted.put(k.toString(), canonical(v));
                }
            });
            return sorted;
        }
        if (value instanceof List) {
            List<Object> list = new ArrayList<>();
            ((List<?>) value).forEach(v -> list.add(canonical(v)));
            return list;
        }
        return value instanceof Number ? Describe.value(value) : value;
    }

    private static Map<String, Object> asMap(JSONArray pairs) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; pairs != null && i < pairs.size(); i++) {
            JSONArray pair = pairs.getJSONArray(i);
            map.put(pair.getString(0), pair.getString(1));
        }
        return map;
    }

    private static Map<String, Object> withoutEmpty(Map<String, ?> map) {
        Map<String, Object> rest = new TreeMap<>();
        if (map != null) {
            map.forEach((k, v) -> {
                if (v != null && !Objects.equals(v, "")) {
                    rest.put(k, v);
                }
            });
        }
        return rest;
    }
}
