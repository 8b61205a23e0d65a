package rocketmqts.extract;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarFile;
import org.apache.rocketmq.common.MQVersion;
import org.apache.rocketmq.common.action.RocketMQAction;
import org.apache.rocketmq.common.resource.RocketMQResource;
import org.apache.rocketmq.remoting.CommandCustomHeader;
import org.apache.rocketmq.remoting.annotation.CFNotNull;
import org.apache.rocketmq.remoting.protocol.FastCodesHeader;
import org.apache.rocketmq.remoting.protocol.LanguageCode;
import org.apache.rocketmq.remoting.protocol.RequestCode;
import org.apache.rocketmq.remoting.protocol.ResponseCode;

/** Reads codes and header classes out of the official jars by reflection into one JSON value. */
final class CommandsExtractor {
    private final Map<String, Class<?>> headers = new TreeMap<>();
    private final Map<Integer, Class<?>> annotatedRequests = new TreeMap<>();

    Map<String, Object> extract() throws Exception {
        scanHeaderClasses();
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("source", "org.apache.rocketmq " + rocketmqVersion());
        root.put("requestCodes", requestCodes());
        root.put("responseCodes", responseCodes());
        root.put("languageCodes", languageCodes());
        root.put("mqVersions", mqVersions());
        root.put("currentMqVersion", MQVersion.CURRENT_VERSION);
        Map<String, Object> headerValues = new LinkedHashMap<>();
        for (Class<?> header : headers.values()) {
            headerValues.put(simpleName(header), describeHeader(header));
        }
        root.put("headers", headerValues);
        return root;
    }

    /** All header classes by simple name. */
    static Map<String, Class<?>> headerClasses() throws IOException {
        CommandsExtractor extractor = new CommandsExtractor();
        extractor.scanHeaderClasses();
        return extractor.headers;
    }

    /** Version out of the jar's file name, so that the committed file names what it was read from. */
    static String rocketmqVersion() {
        String jar = new File(RequestCode.class.getProtectionDomain().getCodeSource().getLocation().getPath()).getName();
        return jar.replaceAll("^rocketmq-remoting-|\\.jar$", "");
    }

    private void scanHeaderClasses() throws IOException {
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            String jarName = new File(entry).getName();
            if (!jarName.startsWith("rocketmq-") || !jarName.endsWith(".jar")) {
                continue;
            }
            try (JarFile jar = new JarFile(entry)) {
                jar.stream()
                    .map(e -> e.getName())
                    .filter(n -> n.startsWith("org/apache/rocketmq/") && n.endsWith(".class"))
                    .forEach(this::addWhenHeader);
            }
        }
    }

    private void addWhenHeader(String classFile) {
        Class<?> type;
        try {
            String name = classFile.substring(0, classFile.length() - ".class".length()).replace('/', '.');
            type = Class.forName(name, false, getClass().getClassLoader());
        } catch (ClassNotFoundException | LinkageError missingOptionalDependency) {
            return;
        }
        if (!CommandCustomHeader.class.isAssignableFrom(type) || type.isInterface() || type.isAnonymousClass()) {
            return;
        }
        Class<?> previous = headers.put(simpleName(type), type);
        if (previous != null && previous != type) {
            throw new IllegalStateException("two header classes share a name: " + previous + ", " + type);
        }
        RocketMQAction action = type.getAnnotation(RocketMQAction.class);
        if (action != null && !type.getSimpleName().endsWith("ResponseHeader")) {
            Class<?> other = annotatedRequests.put(action.value(), type);
            if (other != null) {
                throw new IllegalStateException("two request headers for code " + action.value());
            }
        }
    }

    private static String simpleName(Class<?> type) {
        return type.getName().substring(type.getName().lastIndexOf('.') + 1);
    }

    private List<Object> requestCodes() throws IllegalAccessException {
        List<Object> list = new ArrayList<>();
        Map<String, Integer> codes = constants(RequestCode.class);
        checkTable(HeaderTable.REQUEST, codes);
        checkTable(HeaderTable.RESPONSE, codes);
        codes.entrySet().stream().sorted(Map.Entry.<String, Integer>comparingByValue()
            .thenComparing(Map.Entry.comparingByKey())).forEach(e -> list.add(describeCode(e.getKey(), e.getValue())));
        return list;
    }

    private void checkTable(Map<String, String> table, Map<String, Integer> codes) {
        table.forEach((codeName, header) -> {
            if (!codes.containsKey(codeName) || !headers.containsKey(header)) {
                throw new IllegalStateException("HeaderTable line names nothing that exists: " + codeName + " " + header);
            }
        });
    }

    private Map<String, Object> describeCode(String name, int code) {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("name", name);
        value.put("code", code);
        Class<?> annotated = annotatedRequests.get(code);
        String tabled = HeaderTable.REQUEST.get(name);
        if (annotated != null && tabled != null) {
            throw new IllegalStateException("HeaderTable repeats an annotated code: " + name);
        }
        value.put("requestHeader", annotated != null ? simpleName(annotated) : tabled);
        value.put("requestHeaderFrom", annotated != null ? "annotation" : tabled != null ? "table" : null);
        value.put("responseHeader", HeaderTable.RESPONSE.get(name));
        return value;
    }

    /** Response codes with the class that declares each: ResponseCode inherits the system ones. */
    private static List<Object> responseCodes() throws IllegalAccessException {
        List<Map<String, Object>> list = new ArrayList<>();
        for (Class<?> type = ResponseCode.class; type != Object.class; type = type.getSuperclass()) {
            for (Map.Entry<String, Integer> e : constants(type).entrySet()) {
                Map<String, Object> value = new LinkedHashMap<>();
                value.put("name", e.getKey());
                value.put("code", e.getValue());
                value.put("declaredIn", type.getSimpleName());
                list.add(value);
            }
        }
        list.sort(Comparator.<Map<String, Object>>comparingInt(v -> (Integer) v.get("code"))
            .thenComparing(v -> (String) v.get("name")));
        return new ArrayList<>(list);
    }

    private static Map<String, Integer> constants(Class<?> type) throws IllegalAccessException {
        Map<String, Integer> values = new TreeMap<>();
        for (Field field : type.getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers()) && field.getType() == int.class) {
                field.setAccessible(true);
                values.put(field.getName(), field.getInt(null));
            }
        }
        return values;
    }

    private static List<Object> languageCodes() {
        List<Object> list = new ArrayList<>();
        for (LanguageCode language : LanguageCode.values()) {
            Map<String, Object> value = new LinkedHashMap<>();
            value.put("name", language.name());
            value.put("code", language.getCode());
            list.add(value);
        }
        return list;
    }

    private static Map<String, Object> mqVersions() {
        Map<String, Object> values = new LinkedHashMap<>();
        for (MQVersion.Version version : MQVersion.Version.values()) {
            values.put(version.name(), version.ordinal());
        }
        return values;
    }

    private static Map<String, Object> describeHeader(Class<?> header) {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("class", header.getName());
        value.put("superclass", simpleName(header.getSuperclass()));
        value.put("abstract", Modifier.isAbstract(header.getModifiers()));
        value.put("fastCodes", FastCodesHeader.class.isAssignableFrom(header));
        RocketMQAction action = header.getAnnotation(RocketMQAction.class);
        if (action != null) {
            Map<String, Object> actionValue = new LinkedHashMap<>();
            actionValue.put("code", action.value());
            actionValue.put("resource", action.resource().name());
            actionValue.put("actions", Arrays.stream(action.action()).map(Enum::name).toList());
            value.put("action", actionValue);
        }
        value.put("fields", fields(header));
        return value;
    }

    /** Every field that RemotingCommand.makeCustomHeaderToNet would write, sorted by wire name. */
    private static List<Object> fields(Class<?> header) {
        Object instance = newInstanceOrNull(header);
        Map<String, Object> fields = new TreeMap<>();
        for (Class<?> type = header; type != Object.class; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                boolean onWire = !Modifier.isStatic(field.getModifiers()) && !field.getName().startsWith("this");
                if (onWire && fields.put(field.getName(), describeField(field, header, instance)) != null) {
                    throw new IllegalStateException("field hidden by a subclass: " + field);
                }
            }
        }
        return new ArrayList<>(fields.values());
    }

    private static Object describeField(Field field, Class<?> header, Object instance) {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("name", field.getName());
        value.put("type", typeName(field.getType()));
        value.put("required", field.isAnnotationPresent(CFNotNull.class));
        boolean inherited = field.getDeclaringClass() != header;
        value.put("inherited", inherited);
        if (inherited) {
            value.put("declaredIn", field.getDeclaringClass().getSimpleName());
        }
        RocketMQResource resource = field.getAnnotation(RocketMQResource.class);
        if (resource != null) {
            value.put("resource", resource.value().name());
        }
        Object defaultValue = defaultValue(field, instance);
        if (defaultValue != null) {
            value.put("default", defaultValue.toString());
        }
        return value;
    }

    private static String typeName(Class<?> type) {
        return type.getName().startsWith("java.lang.") ? type.getSimpleName() : type.getName();
    }

    /**
     * Value of a field in a fresh header: what an absent ext field decodes to. A field that starts
     * as the current time gives {@code now}, so that the file does not differ from run to run.
     */
    private static Object defaultValue(Field field, Object instance) {
        if (instance == null) {
            return null;
        }
        try {
            field.setAccessible(true);
            Object value = field.get(instance);
            boolean isNow = value instanceof Long && Math.abs(System.currentTimeMillis() - (Long) value) < 60_000;
            return isNow ? "now" : value;
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Object newInstanceOrNull(Class<?> header) {
        try {
            Constructor<?> constructor = header.getDeclaredConstructor();
            constructor.setAccessible(true);
            return constructor.newInstance();
        } catch (ReflectiveOperationException abstractOrWithoutPlainConstructor) {
            return null;
        }
    }
}
