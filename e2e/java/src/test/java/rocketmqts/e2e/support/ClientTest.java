package rocketmqts.e2e.support;

import org.junit.jupiter.api.AfterEach;

/** Base of every suite: each test has clients of its own, shut down when it ends. */
public abstract class ClientTest {
  protected final Clients clients = new Clients();

  @AfterEach
  void shutDownClients() {
    clients.close();
  }
}
