package rocketmqts.e2e;

import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.Clients;
import rocketmqts.e2e.support.Compat;
import rocketmqts.e2e.support.Eventually;
import rocketmqts.e2e.support.KeyedSends;
import rocketmqts.e2e.support.OrderLog;
import rocketmqts.e2e.support.OwnCluster;
import rocketmqts.e2e.support.TestRun;

/** Order and completeness over broker restarts, while members join and leave and producers go on. */
class OrderlyRestartTest {
  private static final int QUEUE_COUNT = 4;
  private static final int KEY_COUNT = 8;
  /** Two ends of the broker, one member that joins, one that leaves. */
  private static final int DISTURBANCE_COUNT = 4;

  private interface Ending {
    void of(OwnCluster cluster) throws Exception;
  }

  @Test
  void orderHoldsOverStopsOfTheBroker() throws Exception {
    disturb(OwnCluster::stopBroker);
  }

  @Test
  void orderHoldsOverCrashesOfTheBroker() throws Exception {
    disturb(OwnCluster::killBroker);
  }

  private static void disturb(Ending ending) throws Exception {
    try (OwnCluster cluster = new OwnCluster();
        Clients clients = new Clients(cluster.namesrv())) {
      String topic = TestRun.unique("order-restart");
      String group = TestRun.unique("order-restart");
      OrderLog log = new OrderLog();
      DefaultMQProducer producer = clients.newProducer();
      producer.setSendMsgTimeout(2_000);
      producer.start();
      Compat.createTopic(producer, topic, QUEUE_COUNT);
      KeyedSends sends = new KeyedSends(producer, topic, KEY_COUNT);
      DefaultMQPushConsumer first = consume(clients, group, topic, log, "first");
      awaitQueues(first, topic, QUEUE_COUNT);
      awaitMore(log, "first", 300);

      ending.of(cluster);
      cluster.startBroker();
      // The moment at which the broker knows of no lock if it forgot them.
      DefaultMQPushConsumer second = consume(clients, group, topic, log, "second");
      awaitQueues(second, topic, QUEUE_COUNT / 2);
      awaitQueues(first, topic, QUEUE_COUNT / 2);
      awaitMore(log, "second", 100);

      ending.of(cluster);
      cluster.startBroker();
      first.shutdown();
      awaitQueues(second, topic, QUEUE_COUNT);
      awaitMore(log, "second", 100);
      log.await(sends.end());
      log.assertInOrder(DISTURBANCE_COUNT);
    }
  }

  private static DefaultMQPushConsumer consume(
      Clients clients, String group, String topic, OrderLog log, String member) throws Exception {
    DefaultMQPushConsumer consumer = clients.newPushConsumer(group);
    // Rarely, as in real life: a broker that comes back does not know its members for a while.
    consumer.setHeartbeatBrokerInterval(5_000);
    consumer.subscribe(topic, "*");
    consumer.registerMessageListener(log.listener(member));
    consumer.start();
    return consumer;
  }

  /** Asks for a rebalance again and again: client 4.9 looks every 20 s whether a queue is free. */
  private static void awaitQueues(DefaultMQPushConsumer consumer, String topic, int count) {
    Eventually.until(
        () -> "want " + count + " queues, own " + Clients.ownedQueues(consumer, topic),
        () -> {
          if (Clients.ownedQueues(consumer, topic).size() == count) {
            return true;
          }
          consumer.getDefaultMQPushConsumerImpl().getmQClientFactory().rebalanceImmediately();
          Eventually.pause(450);
          return false;
        });
  }

  private static void awaitMore(OrderLog log, String member, int count) {
    int wanted = log.countOf(member) + count;
    Eventually.until(
        () -> member + ": want " + wanted + ", have " + log.countOf(member),
        () -> log.countOf(member) >= wanted);
  }
}
