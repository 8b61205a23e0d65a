package rocketmqts.e2e.support;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.Assumptions;

/**
 * A cluster of one test alone, whose broker the test may stop, kill and start again. Whoever runs
 * the suite offers such clusters (e2e/cluster-control.mjs); against any other cluster the test is
 * skipped.
 */
public final class OwnCluster implements AutoCloseable {
  private static final String CONTROL = System.getProperty("e2e.control", "");
  private static final Duration PATIENCE = Duration.ofSeconds(100);

  private final HttpClient http = HttpClient.newHttpClient();
  private final String id;
  private final String namesrv;

  public OwnCluster() throws Exception {
    Assumptions.assumeFalse(CONTROL.isEmpty(), "nobody offers clusters to stop and kill");
    String[] answer = post("").split(" ");
    id = answer[0];
    namesrv = answer[1];
  }

  public String namesrv() {
    return namesrv;
  }

  /** Ends the broker with SIGTERM; returns when it is gone. */
  public void stopBroker() throws Exception {
    post(id + "/stop");
  }

  /** Ends the broker with SIGKILL. */
  public void killBroker() throws Exception {
    post(id + "/kill");
  }

  /** Starts the broker again on its port and store; returns when clients can use it. */
  public void startBroker() throws Exception {
    post(id + "/start");
  }

  @Override
  public void close() throws Exception {
    post(id + "/end");
  }

  private String post(String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(CONTROL + "/" + path))
            .timeout(PATIENCE)
            .POST(HttpRequest.BodyPublishers.noBody())
            .build();
    HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new IOException(path + ": " + answer.body());
    }
    return answer.body();
  }
}
