package rocketmqts.e2e.support;

import java.util.HashMap;
import java.util.Map;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;

/**
 * Requests that the client's own checks would stop before they reach the broker, sent through the
 * client's connection, to see what the broker itself answers.
 */
public final class RawRequest {
  private RawRequest() {}

  /** SEND_MESSAGE (10) with the given topic and queue; other fields as a producer fills them. */
  public static RemotingCommand send(
      DefaultMQProducer producer, String brokerAddress, String topic, int queueId, byte[] body)
      throws Exception {
    Map<String, String> fields = new HashMap<>();
    fields.put("producerGroup", producer.getProducerGroup());
    fields.put("topic", topic);
    fields.put("defaultTopic", "TBW102");
    fields.put("defaultTopicQueueNums", "4");
    fields.put("queueId", Integer.toString(queueId));
    fields.put("sysFlag", "0");
    fields.put("bornTimestamp", Long.toString(System.currentTimeMillis()));
    fields.put("flag", "0");
    fields.put("properties", "");
    fields.put("reconsumeTimes", "0");
    fields.put("unitMode", "false");
    fields.put("batch", "false");
    return invoke(producer, brokerAddress, 10, fields, body);
  }

  /**
   * How far a group has committed in a queue, asked from outside the group: a member more would
   * move queues about.
   *
   * @return −1 when the broker knows of no offset
   */
  public static long committed(
      DefaultMQProducer producer, String group, MessageQueue queue) throws Exception {
    Map<String, String> fields =
        Map.of(
            "consumerGroup", group,
            "topic", queue.getTopic(),
            "queueId", Integer.toString(queue.getQueueId()),
            "setZeroIfNotFound", "false");
    RemotingCommand answer =
        invoke(producer, brokerAddress(producer, queue.getBrokerName()), 14, fields, null);
    return answer.getCode() == 0 ? Long.parseLong(answer.getExtFields().get("offset")) : -1;
  }

  /** Any request. */
  public static RemotingCommand invoke(
      DefaultMQProducer producer,
      String address,
      int code,
      Map<String, String> fields,
      byte[] body)
      throws Exception {
    RemotingCommand request = RemotingCommand.createRequestCommand(code, null);
    request.setExtFields(new HashMap<>(fields));
    request.setBody(body);
    return producer
        .getDefaultMQProducerImpl()
        .getMqClientFactory()
        .getMQClientAPIImpl()
        .getRemotingClient()
        .invokeSync(address, request, 10_000);
  }

  /** Address of the broker that holds a queue, as the client found it in the route. */
  public static String brokerAddress(DefaultMQProducer producer, String brokerName) {
    return producer
        .getDefaultMQProducerImpl()
        .getMqClientFactory()
        .findBrokerAddressInPublish(brokerName);
  }
}
