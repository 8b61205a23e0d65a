package rocketmqts.e2e.support;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A main class in a JVM of its own, on the class path of the tests. */
public final class JavaProcess implements AutoCloseable {
  private final Process process;
  private final List<String> lines = new ArrayList<>();
  private final Thread reader;

  private JavaProcess(Process process) {
    this.process = process;
    this.reader = new Thread(this::read);
    this.reader.setDaemon(true);
    this.reader.start();
  }

  public static JavaProcess start(Class<?> mainClass, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx128m");
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-Duser.home=" + System.getProperty("user.home"));
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(mainClass.getName());
    command.addAll(List.of(arguments));
    return new JavaProcess(new ProcessBuilder(command).redirectErrorStream(true).start());
  }

  /** Waits for the end and gives the exit code. */
  public int exitCode() throws InterruptedException {
    if (!process.waitFor(100, TimeUnit.SECONDS)) {
      throw new AssertionError("did not end in 100 s:\n" + output());
    }
    reader.join(5_000);
    return process.exitValue();
  }

  /** As {@code kill -9}: no shutdown hook runs, the broker only sees the connection close. */
  public void kill() {
    process.destroyForcibly();
  }

  /** Waits until it has printed a text. */
  public void awaitOutput(String text) {
    Eventually.until(() -> "no \"" + text + "\" in:\n" + output(), () -> output().contains(text));
  }

  /** What it printed so far. */
  public String output() {
    synchronized (lines) {
      return String.join("\n", lines);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  private void read() {
    try (BufferedReader output =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        synchronized (lines) {
          lines.add(line);
        }
      }
    } catch (IOException error) {
      // The stream closes when the process is killed; what was read so far stays.
    }
  }
}
