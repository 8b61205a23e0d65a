package rocketmqts.extract;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Entry point: {@code Extract <output directory>} writes everything we keep from the Java side. */
public final class Extract {
    private Extract() {
    }

    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        Files.createDirectories(directory);
        writeText(directory.resolve("java-commands.json"), JsonText.write(new CommandsExtractor().extract()));
        System.exit(0);
    }

    static void writeText(Path file, String text) throws Exception {
        Files.write(file, text.getBytes(StandardCharsets.UTF_8));
    }
}
