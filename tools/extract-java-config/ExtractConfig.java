import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes every settable field of the reference's configuration classes, with type and default, as JSON. What the
 * machine decides (host name, address, home folder) is replaced by a word in angle brackets, so that the file is the
 * same wherever it is made.
 */
public final class ExtractConfig {
    private static final List<String> CLASSES = List.of(
        "org.apache.rocketmq.common.namesrv.NamesrvConfig",
        "org.apache.rocketmq.common.BrokerConfig",
        "org.apache.rocketmq.store.config.MessageStoreConfig",
        "org.apache.rocketmq.remoting.netty.NettyServerConfig",
        "org.apache.rocketmq.remoting.netty.NettyClientConfig",
        "org.apache.rocketmq.common.ControllerConfig",
        "org.apache.rocketmq.common.JraftConfig",
        "org.apache.rocketmq.auth.config.AuthConfig",
        "org.apache.rocketmq.tieredstore.MessageStoreConfig");

    private ExtractConfig() {
    }

    public static void main(String[] args) throws Exception {
        StringBuilder json = new StringBuilder("{\n");
        String classSeparator = "";
        for (String name : CLASSES) {
            json.append(classSeparator).append("  ").append(quote(name)).append(": {\n");
            String separator = "";
            for (Map.Entry<String, String> field : fieldsOf(Class.forName(name)).entrySet()) {
                json.append(separator).append("    ").append(quote(field.getKey())).append(": ").append(field.getValue());
                separator = ",\n";
            }
            json.append("\n  }");
            classSeparator = ",\n";
        }
        Files.write(Path.of(args[0]), json.append("\n}\n").toString().getBytes(StandardCharsets.UTF_8));
        System.exit(0);
    }

    private static Map<String, String> fieldsOf(Class<?> type) throws Exception {
        Object defaults = type.getDeclaredConstructor().newInstance();
        Map<String, String> fields = new TreeMap<>();
        for (Class<?> owner = type; owner != Object.class; owner = owner.getSuperclass()) {
            for (Field field : owner.getDeclaredFields()) {
                if (Modifier.isStatic(field.getModifiers()) || Modifier.isFinal(field.getModifiers()) || !readable(field)) {
                    continue;
                }
                field.setAccessible(true);
                fields.put(field.getName(), "{ \"type\": " + quote(field.getType().getSimpleName())
                    + ", \"default\": " + quote(portable(field.get(defaults))) + " }");
            }
        }
        return fields;
    }

    /** Types that a properties file can set. */
    private static boolean readable(Field field) {
        return field.getType().isPrimitive() || field.getType().isEnum() || field.getType() == String.class;
    }

    private static String portable(Object value) throws Exception {
        if (value == null) {
            return null;
        }
        InetAddress local = InetAddress.getLocalHost();
        String text = value.toString().replace(System.getProperty("user.home"), "<home>");
        if (text.equals(local.getHostName())) {
            return "<host name>";
        }
        return text.equals(local.getHostAddress()) || text.matches("(\\d{1,3}\\.){3}\\d{1,3}") && !text.equals("0.0.0.0")
            ? "<local address>" : text;
    }

    private static String quote(String text) {
        return text == null ? "null" : '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
