package rocketmqts.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.exception.RequestTimeoutException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.RequestCallback;
import org.apache.rocketmq.client.utils.MessageUtil;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.junit.jupiter.api.Test;
import rocketmqts.e2e.support.ClientTest;
import rocketmqts.e2e.support.Payload;
import rocketmqts.e2e.support.TestRun;

/** A producer asks, a consumer answers, the answer comes back to the producer that asked. */
class RequestReplyTest extends ClientTest {
  private static final long WITHIN_MS = 20_000;

  @Test
  void eachRequestGetsItsOwnReply() throws Exception {
    String topic = TestRun.unique("rpc");
    answer(topic);
    DefaultMQProducer one = clients.producer();
    DefaultMQProducer two = clients.producer();
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<String>> replies = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        DefaultMQProducer producer = i % 2 == 0 ? one : two;
        Message question = new Message(topic, bytes("question " + i));
        replies.add(threads.submit(() -> text(producer.request(question, WITHIN_MS))));
      }
      for (int i = 0; i < replies.size(); i++) {
        assertEquals("answer to question " + i, replies.get(i).get(60, TimeUnit.SECONDS));
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aReplyThatTheClientCompressesComesBackWhole() throws Exception {
    String topic = TestRun.unique("rpcbig");
    byte[] big = bytes("compressible ".repeat(50_000));
    consume(topic, big);
    Message reply = clients.producer().request(new Message(topic, bytes("?")), WITHIN_MS);
    assertArrayEquals(big, reply.getBody());
  }

  @Test
  void aCallbackGetsTheReply() throws Exception {
    String topic = TestRun.unique("rpcasync");
    answer(topic);
    CompletableFuture<String> reply = new CompletableFuture<>();
    clients
        .producer()
        .request(
            new Message(topic, bytes("now")),
            new RequestCallback() {
              @Override
              public void onSuccess(Message message) {
                reply.complete(text(message));
              }

              @Override
              public void onException(Throwable error) {
                reply.completeExceptionally(error);
              }
            },
            WITHIN_MS);
    assertEquals("answer to now", reply.get(30, TimeUnit.SECONDS));
  }

  @Test
  void aRequestThatNobodyAnswersTimesOut() throws Exception {
    String topic = TestRun.unique("rpcnobody");
    DefaultMQProducer producer = clients.producer();
    producer.send(new Message(topic, Payload.incompressible(1, 10)));
    Message question = new Message(topic, bytes("anybody?"));
    RequestTimeoutException error =
        assertThrows(RequestTimeoutException.class, () -> producer.request(question, 2_000));
    assertTrue(error.getMessage().contains("timeout"), error::getMessage);
  }

  private void answer(String topic) throws Exception {
    consume(topic, null);
  }

  /** Answers each request with {@code fixed}, or with its own text. */
  private void consume(String topic, byte[] fixed) throws Exception {
    DefaultMQProducer replier = clients.producer();
    replier.send(new Message(topic, bytes("makes the topic")));
    DefaultMQPushConsumer consumer = clients.newPushConsumer(TestRun.unique("rpc"));
    consumer.setPullInterval(0);
    consumer.subscribe(topic, "*");
    consumer.registerMessageListener(
        (MessageListenerConcurrently)
            (batch, context) -> {
              try {
                for (MessageExt question : batch) {
                  if (question.getProperty("CORRELATION_ID") != null) {
                    byte[] body = fixed == null ? bytes("answer to " + text(question)) : fixed;
                    replier.send(MessageUtil.createReplyMessage(question, body), WITHIN_MS);
                  }
                }
              } catch (Exception error) {
                throw new IllegalStateException(error);
              }
              return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
            });
    consumer.start();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(Message message) {
    return new String(message.getBody(), StandardCharsets.UTF_8);
  }
}
