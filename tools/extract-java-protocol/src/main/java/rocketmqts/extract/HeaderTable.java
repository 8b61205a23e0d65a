package rocketmqts.extract;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Header classes per request code where the class files do not say so themselves.
 *
 * <p>Request headers mostly carry their code in {@code @RocketMQAction}; the annotation wins, and
 * {@link CommandsExtractor} fails when a line here contradicts one. Response headers have no such
 * annotation: they are listed as the broker's, name server's and controller's request processors
 * create them and {@code MQClientAPIImpl}, {@code BrokerOuterAPI} read them in 5.5.0.
 * A code that is absent in a table is sent (or answered) without a custom header.
 */
final class HeaderTable {
    /** Request code name to simple name of the request header class, for codes without annotation. */
    static final Map<String, String> REQUEST = new LinkedHashMap<>();
    /** Request code name to simple name of the response header class. */
    static final Map<String, String> RESPONSE = new LinkedHashMap<>();

    private HeaderTable() {
    }

    static {
        REQUEST.put("SEND_BATCH_MESSAGE", "SendMessageRequestHeaderV2");
        REQUEST.put("SEND_REPLY_MESSAGE", "SendMessageRequestHeader");
        REQUEST.put("SEND_REPLY_MESSAGE_V2", "SendMessageRequestHeaderV2");
        REQUEST.put("LITE_PULL_MESSAGE", "PullMessageRequestHeader");
        REQUEST.put("RESET_CONSUMER_CLIENT_OFFSET", "ResetOffsetRequestHeader");
        REQUEST.put("GET_CONSUMER_STATUS_FROM_CLIENT", "GetConsumerStatusRequestHeader");
        REQUEST.put("UPDATE_AND_CREATE_STATIC_TOPIC", "CreateTopicRequestHeader");
        REQUEST.put("POP_LITE_MESSAGE", "PopLiteMessageRequestHeader");
        REQUEST.put("LITE_SUBSCRIPTION_CTL", "LiteSubscriptionCtlRequestHeader");
        REQUEST.put("GET_PARENT_TOPIC_INFO", "GetParentTopicInfoRequestHeader");
        REQUEST.put("GET_LITE_TOPIC_INFO", "GetLiteTopicInfoRequestHeader");
        REQUEST.put("GET_LITE_CLIENT_INFO", "GetLiteClientInfoRequestHeader");
        REQUEST.put("GET_LITE_GROUP_INFO", "GetLiteGroupInfoRequestHeader");
        REQUEST.put("TRIGGER_LITE_DISPATCH", "TriggerLiteDispatchRequestHeader");

        RESPONSE.put("SEND_MESSAGE", "SendMessageResponseHeader");
        RESPONSE.put("SEND_MESSAGE_V2", "SendMessageResponseHeader");
        RESPONSE.put("SEND_BATCH_MESSAGE", "SendMessageResponseHeader");
        RESPONSE.put("SEND_REPLY_MESSAGE", "SendMessageResponseHeader");
        RESPONSE.put("SEND_REPLY_MESSAGE_V2", "SendMessageResponseHeader");
        RESPONSE.put("PULL_MESSAGE", "PullMessageResponseHeader");
        RESPONSE.put("LITE_PULL_MESSAGE", "PullMessageResponseHeader");
        RESPONSE.put("QUERY_MESSAGE", "QueryMessageResponseHeader");
        RESPONSE.put("QUERY_CONSUMER_OFFSET", "QueryConsumerOffsetResponseHeader");
        RESPONSE.put("UPDATE_CONSUMER_OFFSET", "UpdateConsumerOffsetResponseHeader");
        RESPONSE.put("GET_ALL_TOPIC_CONFIG", "GetAllTopicConfigResponseHeader");
        RESPONSE.put("GET_ALL_SUBSCRIPTIONGROUP_CONFIG", "GetAllSubscriptionGroupResponseHeader");
        RESPONSE.put("GET_BROKER_CONFIG", "GetBrokerConfigResponseHeader");
        RESPONSE.put("SEARCH_OFFSET_BY_TIMESTAMP", "SearchOffsetResponseHeader");
        RESPONSE.put("GET_MAX_OFFSET", "GetMaxOffsetResponseHeader");
        RESPONSE.put("GET_MIN_OFFSET", "GetMinOffsetResponseHeader");
        RESPONSE.put("GET_EARLIEST_MSG_STORETIME", "GetEarliestMsgStoretimeResponseHeader");
        RESPONSE.put("UNREGISTER_CLIENT", "UnregisterClientResponseHeader");
        RESPONSE.put("GET_CONSUMER_LIST_BY_GROUP", "GetConsumerListByGroupResponseHeader");
        RESPONSE.put("RECALL_MESSAGE", "RecallMessageResponseHeader");
        RESPONSE.put("EXCHANGE_BROKER_HA_INFO", "ExchangeHAInfoResponseHeader");

        RESPONSE.put("POP_MESSAGE", "PopMessageResponseHeader");
        RESPONSE.put("PEEK_MESSAGE", "PopMessageResponseHeader");
        RESPONSE.put("POP_LITE_MESSAGE", "PopLiteMessageResponseHeader");
        RESPONSE.put("CHANGE_MESSAGE_INVISIBLETIME", "ChangeInvisibleTimeResponseHeader");
        RESPONSE.put("NOTIFICATION", "NotificationResponseHeader");
        RESPONSE.put("POLLING_INFO", "PollingInfoResponseHeader");

        RESPONSE.put("GET_KV_CONFIG", "GetKVConfigResponseHeader");
        RESPONSE.put("REGISTER_BROKER", "RegisterBrokerResponseHeader");
        RESPONSE.put("QUERY_DATA_VERSION", "QueryDataVersionResponseHeader");
        RESPONSE.put("WIPE_WRITE_PERM_OF_BROKER", "WipeWritePermOfBrokerResponseHeader");
        RESPONSE.put("ADD_WRITE_PERM_OF_BROKER", "AddWritePermOfBrokerResponseHeader");

        RESPONSE.put("CONTROLLER_ALTER_SYNC_STATE_SET", "AlterSyncStateSetResponseHeader");
        RESPONSE.put("CONTROLLER_ELECT_MASTER", "ElectMasterResponseHeader");
        RESPONSE.put("CONTROLLER_REGISTER_BROKER", "RegisterBrokerToControllerResponseHeader");
        RESPONSE.put("CONTROLLER_GET_REPLICA_INFO", "GetReplicaInfoResponseHeader");
        RESPONSE.put("CONTROLLER_GET_METADATA_INFO", "GetMetaDataResponseHeader");
        RESPONSE.put("CONTROLLER_GET_NEXT_BROKER_ID", "GetNextBrokerIdResponseHeader");
        RESPONSE.put("CONTROLLER_APPLY_BROKER_ID", "ApplyBrokerIdResponseHeader");
    }
}
