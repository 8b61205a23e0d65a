package rocketmqts.extract;

import java.beans.BeanInfo;
import java.beans.IntrospectionException;
import java.beans.Introspector;
import java.beans.PropertyDescriptor;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.rocketmq.remoting.CommandCustomHeader;

/** Turns Java objects into plain maps, lists and scalars for {@code index.json} and comparisons. */
final class Describe {
    private Describe() {
    }

    /**
     * A bean as its readable and writable properties, sorted by name; sets sorted by their JSON text.
     * A map whose keys are neither text nor numbers becomes a list of {@code {key, value}}.
     */
    static Object value(Object object) {
        if (object == null || object instanceof Boolean || object instanceof String) {
            return object;
        }
        if (object instanceof Enum) {
            return ((Enum<?>) object).name();
        }
        if (object instanceof Number) {
            return number((Number) object);
        }
        if (object instanceof byte[]) {
            return hex((byte[]) object);
        }
        if (object instanceof Map) {
            return map((Map<?, ?>) object);
        }
        if (object instanceof Collection) {
            List<Object> list = new ArrayList<>();
            ((Collection<?>) object).forEach(v -> list.add(value(v)));
            if (object instanceof Set) {
                list.sort(Comparator.comparing(JsonText::write));
            }
            return list;
        }
        return bean(object);
    }

    /** Whole doubles become longs so that {@code 0.0} and {@code 0} compare equal; so do Atomic numbers. */
    private static Number number(Number number) {
        double asDouble = number.doubleValue();
        boolean isFraction = number instanceof Double || number instanceof Float || number instanceof java.math.BigDecimal;
        if (isFraction && asDouble != Math.rint(asDouble)) {
            return asDouble;
        }
        return number.longValue();
    }

    private static Object map(Map<?, ?> map) {
        boolean plainKeys = map.keySet().stream().allMatch(k -> k instanceof String || k instanceof Number);
        if (plainKeys) {
            Map<String, Object> sorted = new TreeMap<>();
            map.forEach((k, v) -> sorted.put(k.toString(), value(v)));
            return sorted;
        }
        List<Object> pairs = new ArrayList<>();
        map.forEach((k, v) -> {
            Map<String, Object> pair = new LinkedHashMap<>();
            pair.put("key", value(k));
            pair.put("value", value(v));
            pairs.add(pair);
        });
        pairs.sort(Comparator.comparing(JsonText::write));
        return pairs;
    }

    private static Map<String, Object> bean(Object bean) {
        Map<String, Object> properties = new TreeMap<>();
        try {
            BeanInfo info = Introspector.getBeanInfo(bean.getClass(), Object.class);
            for (PropertyDescriptor property : info.getPropertyDescriptors()) {
                if (property.getReadMethod() != null && property.getWriteMethod() != null) {
                    properties.put(property.getName(), value(property.getReadMethod().invoke(bean)));
                }
            }
        } catch (IntrospectionException | ReflectiveOperationException e) {
            throw new IllegalStateException("cannot read " + bean.getClass(), e);
        }
        return properties;
    }

    /** Non-null fields of a custom header with their types kept, sorted by wire name. */
    static Map<String, Object> header(CommandCustomHeader header) {
        Map<String, Object> values = new TreeMap<>();
        for (Class<?> type = header.getClass(); type != Object.class; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers())) {
                    Object value = read(field, header);
                    if (value != null) {
                        values.put(field.getName(), value(value));
                    }
                }
            }
        }
        return values;
    }

    private static Object read(Field field, Object owner) {
        try {
            field.setAccessible(true);
            return field.get(owner);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    static List<Object> pairs(Map<String, String> map) {
        List<Object> pairs = new ArrayList<>();
        map.forEach((k, v) -> pairs.add(List.of(k, v)));
        return pairs;
    }

    static String hex(byte[] bytes) {
        return bytes == null ? null : HexFormat.of().formatHex(bytes);
    }

    /** {@code 10.0.0.1:10911} or {@code [2001:db8:0:0:0:0:0:1]:10911}. */
    static String host(InetSocketAddress address) {
        String ip = address.getAddress().getHostAddress();
        return (address.getAddress() instanceof Inet6Address ? "[" + ip + "]" : ip) + ":" + address.getPort();
    }
}
