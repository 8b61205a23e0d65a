package rocketmqts.extract;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Entry point: {@code Extract <output directory> <scratch directory>} writes everything we keep from
 * the Java side. The scratch directory takes stores and configuration folders; the caller removes it.
 */
public final class Extract {
    private Extract() {
    }

    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        Files.createDirectories(directory);
        String commands = JsonText.write(new CommandsExtractor().extract());
        Files.write(directory.resolve("java-commands.json"), commands.getBytes(StandardCharsets.UTF_8));

        Path scratch = Path.of(args[1]);
        GoldenFiles golden = new GoldenFiles(directory);
        new FrameRecorder(golden).record();
        new BodyRecorder(golden).record();
        new TextRecorder(golden).record();
        new ConfigFileRecorder(golden, scratch).record();
        new RecordRecorder(golden, scratch).record();
        golden.writeIndex();
        new StoreRecorder(directory, scratch).record();
        System.exit(0);
    }
}
