package rocketmqts.mqadmin;

import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What differs between two runs of one script (addresses, message ids, client ids), by a name for it. */
final class Names {
    private static final Pattern REFERENCE = Pattern.compile("<([A-Za-z][A-Za-z0-9.-]*)>");

    private final Map<String, String> values = new TreeMap<>();

    void put(String name, String value) {
        values.put(name, value);
    }

    String get(String name) {
        String value = values.get(name);
        if (value == null) {
            throw new IllegalStateException("nothing is called <" + name + ">; there are " + values.keySet());
        }
        return value;
    }

    Map<String, String> all() {
        return values;
    }

    /** The text with every {@code <name>} replaced by its value. */
    String expand(String text) {
        return REFERENCE.matcher(text).replaceAll(match -> Matcher.quoteReplacement(get(match.group(1))));
    }
}
