package rocketmqts.extract;

import com.alibaba.fastjson2.JSON;
import com.alibaba.fastjson2.JSONArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Says whether committed golden files are what the tool writes today: {@code Compare <committed> <fresh>}.
 *
 * <p>Byte by byte, except files whose index entry says {@code zlib}: those only have to exist here,
 * because {@link CheckFrames} decodes them. Exit code 1 when anything differs.
 */
public final class Compare {
    private Compare() {
    }

    public static void main(String[] args) throws Exception {
        Path committed = Path.of(args[0]);
        Path fresh = Path.of(args[1]);
        Set<String> zlibFiles = zlibFiles(fresh.resolve("index.json"));
        Set<String> all = new TreeSet<>(files(committed));
        all.addAll(files(fresh));
        int differences = 0;
        for (String name : all) {
            String problem = difference(committed.resolve(name), fresh.resolve(name), zlibFiles.contains(name));
            if (problem != null) {
                differences++;
                System.out.println(problem + " " + name);
            }
        }
        System.out.println("golden files: " + all.size() + " compared, " + differences + " differ");
        System.exit(differences == 0 ? 0 : 1);
    }

    private static String difference(Path committed, Path fresh, boolean zlib) throws IOException {
        if (!Files.exists(committed)) {
            return "not committed:";
        }
        if (!Files.exists(fresh)) {
            return "no longer written:";
        }
        return zlib || Files.mismatch(committed, fresh) < 0 ? null : "differs:";
    }

    private static Set<String> files(Path directory) throws IOException {
        Set<String> names = new HashSet<>();
        try (Stream<Path> files = Files.walk(directory)) {
            files.filter(Files::isRegularFile).map(f -> directory.relativize(f).toString())
                .filter(name -> !name.equals("README.md")).forEach(names::add);
        }
        return names;
    }

    private static Set<String> zlibFiles(Path index) throws IOException {
        Set<String> names = new HashSet<>();
        JSONArray files = JSON.parseObject(Files.readString(index)).getJSONArray("files");
        for (int i = 0; i < files.size(); i++) {
            if (files.getJSONObject(i).getBooleanValue("zlib")) {
                names.add(files.getJSONObject(i).getString("file"));
            }
        }
        return names;
    }
}
