package rocketmqts.e2e.support;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Collections;
import java.util.Map;
import org.apache.rocketmq.client.MQAdmin;

/** The few calls whose types moved or changed between client 4.9 and 5.x, found by reflection. */
public final class Compat {
  private Compat() {}

  /** Switches a consumer to broadcasting; {@code MessageModel} lives in another package in 5.x. */
  public static void broadcasting(Object consumer) {
    setEnum(consumer, "setMessageModel", "BROADCASTING");
  }

  /**
   * Sets the codec for big bodies.
   *
   * @return false when this client has no such setting
   */
  public static boolean compressWith(Object producer, String type) {
    if (find(producer, "setCompressType") == null) {
      return false;
    }
    setEnum(producer, "setCompressType", type);
    return true;
  }

  /** Creates a topic on every broker that serves {@code TBW102}; 5.x wants attributes as well. */
  public static void createTopic(MQAdmin admin, String topic, int queueCount) throws Exception {
    try {
      Method before5 =
          MQAdmin.class.getMethod("createTopic", String.class, String.class, int.class);
      call(before5, admin, "TBW102", topic, queueCount);
    } catch (NoSuchMethodException error) {
      Method since5 =
          MQAdmin.class.getMethod("createTopic", String.class, String.class, int.class, Map.class);
      call(since5, admin, "TBW102", topic, queueCount, Collections.emptyMap());
    }
  }

  private static void setEnum(Object target, String setter, String constant) {
    Method method = find(target, setter);
    if (method == null) {
      throw new IllegalStateException(target.getClass() + " has no " + setter);
    }
    @SuppressWarnings({"unchecked", "rawtypes"})
    Object value = Enum.valueOf((Class<? extends Enum>) method.getParameterTypes()[0], constant);
    try {
      call(method, target, value);
    } catch (Exception error) {
      throw new IllegalStateException(error);
    }
  }

  private static Method find(Object target, String name) {
    for (Method method : target.getClass().getMethods()) {
      if (method.getName().equals(name)
          && method.getParameterCount() == 1
          && method.getParameterTypes()[0].isEnum()) {
        return method;
      }
    }
    return null;
  }

  private static void call(Method method, Object target, Object... arguments) throws Exception {
    try {
      method.invoke(target, arguments);
    } catch (InvocationTargetException error) {
      if (error.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw error;
    }
  }
}
