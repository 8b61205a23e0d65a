package rocketmqts.e2e.support;

import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/** Waiting for what the cluster does in its own time; a wait that runs out fails the test. */
public final class Eventually {
  /** Generous on purpose: it is the limit for a loaded machine, never the usual duration. */
  public static final Duration PATIENCE = Duration.ofSeconds(60);

  private Eventually() {}

  /** Polls until the condition holds. An exception counts as "not yet", shown if time runs out. */
  public static void until(Supplier<String> what, Callable<Boolean> condition) {
    long deadlineNs = System.nanoTime() + PATIENCE.toNanos();
    Throwable last = null;
    while (true) {
      try {
        if (condition.call()) {
          return;
        }
        last = null;
      } catch (Exception error) {
        last = error;
      }
      if (System.nanoTime() > deadlineNs) {
        fail("not within " + PATIENCE.toSeconds() + " s: " + what.get(), last);
      }
      pause(50);
    }
  }

  /** Polls until a call gives a value without throwing. */
  public static <T> T value(String what, Callable<T> call) {
    Object[] found = new Object[1];
    until(
        () -> what,
        () -> {
          found[0] = call.call();
          return found[0] != null;
        });
    @SuppressWarnings("unchecked")
    T value = (T) found[0];
    return value;
  }

  /** Lets time pass where the test is about time, or about nothing more happening. */
  public static void pause(long ms) {
    try {
      Thread.sleep(ms);
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(error);
    }
  }
}
