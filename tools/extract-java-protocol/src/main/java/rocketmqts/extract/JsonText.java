package rocketmqts.extract;

import java.util.Collection;
import java.util.Iterator;
import java.util.Map;

/**
 * Writes maps, lists, strings, numbers and booleans as JSON with two-space indentation.
 *
 * <p>Own writer on purpose: the output is committed and compared byte for byte, so it must not
 * depend on a library's formatting. Everything outside printable ASCII is escaped, which keeps
 * control characters and surrogates visible in a diff. Maps are written in their own order.
 */
final class JsonText {
    /** Longs beyond this are written as text: a JavaScript reader would round them. */
    private static final long MAX_SAFE_INTEGER = 9_007_199_254_740_991L;

    private JsonText() {
    }

    static String write(Object value) {
        StringBuilder out = new StringBuilder();
        append(out, value, "");
        return out.append('\n').toString();
    }

    private static void append(StringBuilder out, Object value, String indent) {
        if (value instanceof Long && Math.abs((Long) value) > MAX_SAFE_INTEGER) {
            appendString(out, value.toString());
        } else if (value == null || value instanceof Boolean || value instanceof Number) {
            out.append(value);
        } else if (value instanceof Map) {
            appendMap(out, (Map<?, ?>) value, indent);
        } else if (value instanceof Collection) {
            appendList(out, (Collection<?>) value, indent);
        } else {
            appendString(out, value.toString());
        }
    }

    private static void appendMap(StringBuilder out, Map<?, ?> map, String indent) {
        if (map.isEmpty()) {
            out.append("{}");
            return;
        }
        String inner = indent + "  ";
        out.append("{\n");
        Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator();
        while (entries.hasNext()) {
            Map.Entry<?, ?> entry = entries.next();
            out.append(inner);
            appendString(out, String.valueOf(entry.getKey()));
            out.append(": ");
            append(out, entry.getValue(), inner);
            out.append(entries.hasNext() ? ",\n" : "\n");
        }
        out.append(indent).append('}');
    }

    private static void appendList(StringBuilder out, Collection<?> list, String indent) {
        if (list.isEmpty()) {
            out.append("[]");
            return;
        }
        boolean scalars = list.stream().noneMatch(v -> v instanceof Map || v instanceof Collection);
        String inner = indent + "  ";
        Iterator<?> values = list.iterator();
        out.append(scalars ? "[" : "[\n");
        while (values.hasNext()) {
            if (!scalars) {
                out.append(inner);
            }
            append(out, values.next(), inner);
            if (values.hasNext()) {
                out.append(scalars ? ", " : ",\n");
            }
        }
        out.append(scalars ? "]" : "\n" + indent + "]");
    }

    private static void appendString(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < 0x20 || c > 0x7e) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
