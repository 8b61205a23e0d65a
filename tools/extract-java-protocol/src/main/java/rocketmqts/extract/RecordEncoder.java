package rocketmqts.extract;

import java.io.IOException;
import java.lang.reflect.Field;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.common.BrokerConfig;
import org.apache.rocketmq.common.UtilAll;
import org.apache.rocketmq.common.message.MessageExtBatch;
import org.apache.rocketmq.common.message.MessageExtBrokerInner;
import org.apache.rocketmq.common.message.MessageVersion;
import org.apache.rocketmq.store.AppendMessageCallback;
import org.apache.rocketmq.store.AppendMessageResult;
import org.apache.rocketmq.store.AppendMessageStatus;
import org.apache.rocketmq.store.CommitLog;
import org.apache.rocketmq.store.DefaultMessageStore;
import org.apache.rocketmq.store.MessageExtEncoder;
import org.apache.rocketmq.store.PutMessageContext;
import org.apache.rocketmq.store.config.MessageStoreConfig;
import org.apache.rocketmq.store.stats.BrokerStatsManager;

/**
 * Runs the broker's own encoder and append callback on a buffer instead of a mapped file.
 *
 * <p>{@code CommitLog.asyncPutMessage} would stamp the current time; everything else it does to a
 * message before encoding is repeated here with the same calls.
 */
final class RecordEncoder {
    private static final int BUFFER_BYTES = 1024 * 1024;

    private final MessageExtEncoder encoder;
    private final AppendMessageCallback callback;

    /**
     * @param storeDirectory empty scratch directory; the store is built there but never started
     * @param appendPropertyCrc the broker option {@code enabledAppendPropCRC}
     */
    RecordEncoder(Path storeDirectory, boolean appendPropertyCrc) throws IOException, ReflectiveOperationException {
        MessageStoreConfig config = new MessageStoreConfig();
        config.setStorePathRootDir(storeDirectory.toString());
        config.setEnabledAppendPropCRC(appendPropertyCrc);
        config.setHaListenPort(0);
        DefaultMessageStore store = new DefaultMessageStore(config, new BrokerStatsManager("DefaultCluster", false), null,
            new BrokerConfig(), new ConcurrentHashMap<>());
        Field field = CommitLog.class.getDeclaredField("appendMessageCallback");
        field.setAccessible(true);
        callback = (AppendMessageCallback) field.get(store.getCommitLog());
        encoder = new MessageExtEncoder(config);
    }

    /** One record, as it would lie in the commit log at {@code commitLogOffset}. */
    byte[] record(MessageExtBrokerInner message, long commitLogOffset) {
        prepare(message);
        message.setBodyCRC(UtilAll.crc32(message.getBody()));
        if (encoder.encode(message) != null) {
            throw new IllegalStateException("encoder refused the message");
        }
        message.setEncodedBuff(encoder.getEncoderBuffer());
        ByteBuffer file = ByteBuffer.allocate(BUFFER_BYTES);
        return written(file, callback.doAppend(commitLogOffset, file, BUFFER_BYTES, message, new PutMessageContext("")));
    }

    /** All records of a batch, the first of them at {@code commitLogOffset}. */
    byte[] records(MessageExtBatch batch, long commitLogOffset) {
        prepare(batch);
        PutMessageContext context = new PutMessageContext("");
        batch.setEncodedBuff(encoder.encode(batch, context));
        ByteBuffer file = ByteBuffer.allocate(BUFFER_BYTES);
        return written(file, callback.doAppend(commitLogOffset, file, BUFFER_BYTES, batch, context));
    }

    private static void prepare(MessageExtBrokerInner message) {
        message.setVersion(message.getTopic().length() > Byte.MAX_VALUE
            ? MessageVersion.MESSAGE_VERSION_V2 : MessageVersion.MESSAGE_VERSION_V1);
        if (((InetSocketAddress) message.getBornHost()).getAddress() instanceof Inet6Address) {
            message.setBornHostV6Flag();
        }
        if (((InetSocketAddress) message.getStoreHost()).getAddress() instanceof Inet6Address) {
            message.setStoreHostAddressV6Flag();
        }
    }

    private static byte[] written(ByteBuffer file, AppendMessageResult result) {
        if (result.getStatus() != AppendMessageStatus.PUT_OK) {
            throw new IllegalStateException("append callback answered " + result.getStatus());
        }
        file.flip();
        byte[] bytes = new byte[file.remaining()];
        file.get(bytes);
        return bytes;
    }
}
