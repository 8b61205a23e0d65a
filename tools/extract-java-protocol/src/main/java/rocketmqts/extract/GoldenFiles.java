package rocketmqts.extract;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The output directory: one {@code .bin} file per recorded value, described in {@code index.json}.
 *
 * <p>An entry says what a file holds ({@code kind}), how it came about ({@code java}) and with which
 * inputs ({@code value}), so that a test can build the same value without knowing Java.
 */
final class GoldenFiles {
    private final Path directory;
    private final Map<String, Object> entries = new TreeMap<>();

    GoldenFiles(Path directory) {
        this.directory = directory;
    }

    /**
     * Writes one file.
     *
     * @param name file name without {@code .bin}; must be new
     * @param java class and method of the official code that produced the bytes
     * @param value inputs, as {@link Describe} and the recorders lay them out
     * @param zlib true when the bytes hold deflate output, which may differ between JDK builds: such
     *     a file is checked by decoding, not byte by byte
     */
    void add(String name, String kind, String what, String java, Map<String, Object> value, byte[] bytes, boolean zlib)
        throws IOException {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("file", name + ".bin");
        entry.put("kind", kind);
        entry.put("what", what);
        entry.put("java", java);
        if (zlib) {
            entry.put("zlib", true);
        } else {
            entry.put("sizeBytes", bytes.length);
        }
        entry.put("value", value);
        if (entries.put(name, entry) != null) {
            throw new IllegalStateException("golden file written twice: " + name);
        }
        Files.write(directory.resolve(name + ".bin"), bytes);
    }

    void add(String name, String kind, String what, String java, Map<String, Object> value, byte[] bytes)
        throws IOException {
        add(name, kind, what, java, value, bytes, false);
    }

    void writeIndex() throws IOException {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("source", "org.apache.rocketmq " + CommandsExtractor.rocketmqVersion());
        List<Object> files = new ArrayList<>(entries.values());
        root.put("files", files);
        Files.write(directory.resolve("index.json"), JsonText.write(root).getBytes(StandardCharsets.UTF_8));
    }
}
