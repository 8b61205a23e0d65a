package rocketmqts.extract;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.rocketmq.broker.BrokerController;
import org.apache.rocketmq.broker.offset.ConsumerOffsetManager;
import org.apache.rocketmq.broker.subscription.SubscriptionGroupManager;
import org.apache.rocketmq.broker.topic.TopicConfigManager;
import org.apache.rocketmq.common.BrokerConfig;
import org.apache.rocketmq.common.ConfigManager;
import org.apache.rocketmq.common.namesrv.NamesrvConfig;
import org.apache.rocketmq.namesrv.NamesrvController;
import org.apache.rocketmq.namesrv.kvconfig.KVConfigSerializeWrapper;
import org.apache.rocketmq.remoting.netty.NettyClientConfig;
import org.apache.rocketmq.remoting.netty.NettyServerConfig;
import org.apache.rocketmq.remoting.protocol.DataVersion;
import org.apache.rocketmq.remoting.protocol.RemotingSerializable;
import org.apache.rocketmq.remoting.protocol.body.ConsumerOffsetSerializeWrapper;
import org.apache.rocketmq.remoting.protocol.body.SubscriptionGroupWrapper;
import org.apache.rocketmq.remoting.protocol.body.TopicConfigSerializeWrapper;
import org.apache.rocketmq.auth.config.AuthConfig;
import org.apache.rocketmq.store.config.MessageStoreConfig;

/** Records the configuration files that a broker and a name server keep on disk. */
final class ConfigFileRecorder {
    private final GoldenFiles golden;
    private final Path scratch;

    ConfigFileRecorder(GoldenFiles golden, Path scratch) {
        this.golden = golden;
        this.scratch = scratch;
    }

    void record() throws Exception {
        BrokerController broker = broker();
        topics(broker.getTopicConfigManager());
        subscriptionGroups(broker.getSubscriptionGroupManager());
        consumerOffsets(broker.getConsumerOffsetManager());
        kvConfig();
    }

    /** A broker that is built, which fills the tables with the system topics and groups, but never started. */
    private BrokerController broker() {
        BrokerConfig brokerConfig = new BrokerConfig();
        brokerConfig.setBrokerName("broker-a");
        brokerConfig.setBrokerClusterName("DefaultCluster");
        brokerConfig.setBrokerIP1("10.0.0.1");
        MessageStoreConfig storeConfig = new MessageStoreConfig();
        storeConfig.setStorePathRootDir(scratch.resolve("broker").toString());
        return new BrokerController(brokerConfig, new NettyServerConfig(), new NettyClientConfig(), storeConfig, new AuthConfig());
    }

    private void topics(TopicConfigManager manager) throws Exception {
        manager.getTopicConfigTable().putAll(BodyValues.topicConfigs());
        manager.getDataVersion().assignNewOne(BodyValues.dataVersion(7));
        persisted("topics", manager, TopicConfigSerializeWrapper.class);
    }

    private void subscriptionGroups(SubscriptionGroupManager manager) throws Exception {
        SubscriptionGroupWrapper sample = BodyValues.subscriptionGroups();
        manager.getSubscriptionGroupTable().putAll(sample.getSubscriptionGroupTable());
        manager.getForbiddenTable().putAll(sample.getForbiddenTable());
        manager.getDataVersion().assignNewOne(BodyValues.dataVersion(3));
        persisted("subscriptionGroup", manager, SubscriptionGroupWrapper.class);
    }

    private void consumerOffsets(ConsumerOffsetManager manager) throws Exception {
        manager.getOffsetTable().putAll(BodyValues.consumerOffsets());
        DataVersion version = manager.getDataVersion();
        version.assignNewOne(BodyValues.dataVersion(11));
        persisted("consumerOffset", manager, ConsumerOffsetSerializeWrapper.class);
    }

    private void persisted(String name, ConfigManager manager, Class<? extends RemotingSerializable> wrapper) throws Exception {
        manager.persist();
        add(name, manager.getClass().getName() + ".persist", wrapper, Files.readAllBytes(Path.of(manager.configFilePath())));
    }

    private void kvConfig() throws Exception {
        NamesrvConfig config = new NamesrvConfig();
        Path file = scratch.resolve("namesrv").resolve("kvConfig.json");
        config.setKvConfigPath(file.toString());
        NamesrvController controller = new NamesrvController(config, new NettyServerConfig(), new NettyClientConfig());
        BodyValues.kvTable().getTable().forEach(
            (key, value) -> controller.getKvConfigManager().putKVConfig("ORDER_TOPIC_CONFIG", key, value));
        controller.getKvConfigManager().putKVConfig("Empty \u540d", "k", "");
        add("kvConfig", "org.apache.rocketmq.namesrv.kvconfig.KVConfigManager.persist", KVConfigSerializeWrapper.class,
            Files.readAllBytes(file));
    }

    private void add(String name, String java, Class<? extends RemotingSerializable> wrapper, byte[] bytes) throws Exception {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("class", wrapper.getName());
        value.put("object", Describe.value(RemotingSerializable.decode(bytes, wrapper)));
        golden.add("config." + name, "body", name + ".json as it lies on disk", java, value, bytes);
    }
}
