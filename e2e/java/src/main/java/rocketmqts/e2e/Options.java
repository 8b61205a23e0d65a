package rocketmqts.e2e;

import java.util.HashMap;
import java.util.Map;

/** Command-line words of the form {@code --name value}. */
final class Options {
  private final Map<String, String> values = new HashMap<>();

  /**
   * @throws IllegalArgumentException a word is not a name, or a name has no value
   */
  Options(String[] arguments) {
    for (int i = 0; i < arguments.length; i += 2) {
      if (!arguments[i].startsWith("--") || i + 1 == arguments.length) {
        throw new IllegalArgumentException("expected --name value, got " + arguments[i]);
      }
      values.put(arguments[i].substring(2), arguments[i + 1]);
    }
  }

  String text(String name, String fallback) {
    return values.getOrDefault(name, fallback);
  }

  int number(String name, int fallback) {
    return Integer.parseInt(text(name, Integer.toString(fallback)));
  }

  String required(String name) {
    String value = values.get(name);
    if (value == null) {
      throw new IllegalArgumentException("--" + name + " is needed");
    }
    return value;
  }

  /** Nameserver from {@code --namesrv}, else the client's own NAMESRV_ADDR, else the usual port. */
  String namesrv() {
    String environment = System.getenv("NAMESRV_ADDR");
    return text("namesrv", environment != null ? environment : "localhost:9876");
  }
}
