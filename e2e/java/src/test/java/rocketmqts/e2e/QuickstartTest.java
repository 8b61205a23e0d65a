package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.JavaProcess;
import rocketmqts.e2e.support.TestRun;

/** The program of a newcomer, every setting at its default, in processes of its own. */
class QuickstartTest {
  @Test
  void aHundredGreetingsAreSentThenReceived() throws Exception {
    int exitCode;
    try (JavaProcess producer =
        JavaProcess.start(QuickstartProducer.class, "--namesrv", TestRun.NAMESRV)) {
      exitCode = producer.exitCode();
      assertEquals(0, exitCode, producer::output);
    }
    // A new group: it reads the topic from its start, whatever earlier runs left there.
    try (JavaProcess consumer =
        JavaProcess.start(
            QuickstartConsumer.class,
            "--namesrv", TestRun.NAMESRV, "--group", TestRun.unique("quickstart"))) {
      exitCode = consumer.exitCode();
      assertEquals(0, exitCode, consumer::output);
      assertTrue(consumer.output().contains("received all 100"), consumer::output);
      assertTrue(consumer.output().contains("received Hello RocketMQ 99 [TagA]"));
    }
  }

  @Test
  void theConsumerMayBeStartedFirstOnATopicThatIsNotThereYet() throws Exception {
    String topic = TestRun.unique("TopicTest");
    String[] where = {"--namesrv", TestRun.NAMESRV, "--topic", topic};
    try (JavaProcess consumer =
        JavaProcess.start(
            QuickstartConsumer.class,
            "--namesrv", TestRun.NAMESRV,
            "--topic", topic,
            "--group", TestRun.unique("quickstart"),
            "--timeoutSeconds", "90")) {
      consumer.awaitOutput("consumer started");
      try (JavaProcess producer = JavaProcess.start(QuickstartProducer.class, where)) {
        assertEquals(0, producer.exitCode(), producer::output);
      }
      assertEquals(0, consumer.exitCode(), consumer::output);
    }
  }
}
