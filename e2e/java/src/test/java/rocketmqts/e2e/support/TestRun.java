package rocketmqts.e2e.support;

import java.util.concurrent.atomic.AtomicInteger;

/** Where the cluster is and what this run calls its topics and groups, so that runs never meet. */
public final class TestRun {
  /** Address list of the nameservers, {@code host:port;host:port}. */
  public static final String NAMESRV = System.getProperty("namesrv", "localhost:9876");

  /** Version of the client jar under test, for tests of what only one of them offers. */
  public static final String CLIENT_VERSION =
      System.getProperty("rocketmq.client.version", "5.5.0");

  private static final String SUFFIX =
      System.getProperty("run.suffix", Long.toString(System.currentTimeMillis(), 36));
  private static final AtomicInteger COUNTER = new AtomicInteger();

  private TestRun() {}

  /** A name nobody used before on this cluster; letters, digits and hyphens, under 60 characters. */
  public static String unique(String what) {
    return "e2e-" + what + "-" + SUFFIX + "-" + COUNTER.incrementAndGet();
  }
}
