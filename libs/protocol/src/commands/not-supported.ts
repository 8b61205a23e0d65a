/** A code of RocketMQ that this implementation answers with REQUEST_CODE_NOT_SUPPORTED, and why. */
export interface NotSupported {
  readonly code: number;
  readonly reason: string;
}

/**
 * Every request code of Apache 5.5.0 that `commands` lacks, so that nothing is missing by accident;
 * `test/java-commands.spec.ts` compares both lists with Apache's.
 */
export const notSupported: Readonly<Record<string, NotSupported>> = {
  QUERY_BROKER_OFFSET: { code: 13, reason: 'Apache has the number but no handler for it.' },
  GET_TOPIC_CONFIG_LIST: { code: 22, reason: 'Apache has the number but no handler for it.' },
  GET_TOPIC_NAME_LIST: { code: 23, reason: 'Apache has the number but no handler for it.' },
  TRIGGER_DELETE_FILES: { code: 27, reason: 'Apache has the number but no handler for it.' },
  GET_CLIENT_CONFIG: { code: 47, reason: 'Apache has the number but no handler for it.' },
  SUSPEND_CONSUMER: { code: 209, reason: 'Apache has the number but no handler for it.' },
  RESUME_CONSUMER: { code: 210, reason: 'Apache has the number but no handler for it.' },
  RESET_CONSUMER_OFFSET_IN_CONSUMER: {
    code: 211,
    reason: 'Apache has the number but no handler for it.',
  },
  RESET_CONSUMER_OFFSET_IN_BROKER: {
    code: 212,
    reason: 'Apache has the number but no handler for it.',
  },
  ADJUST_CONSUMER_THREAD_POOL: {
    code: 213,
    reason: 'Apache has the number but no handler for it.',
  },
  WHO_CONSUME_THE_MESSAGE: { code: 214, reason: 'Apache has the number but no handler for it.' },
  REGISTER_FILTER_SERVER: {
    code: 301,
    reason: 'Filter servers were removed from RocketMQ 5; they ran code sent by clients.',
  },
  REGISTER_MESSAGE_FILTER_CLASS: {
    code: 302,
    reason: 'Filter servers were removed from RocketMQ 5; they ran code sent by clients.',
  },
  CHECK_ROCKSDB_CQ_WRITE_PROGRESS: {
    code: 354,
    reason: "Belongs to Apache's RocksDB store; ours keeps the file formats.",
  },
  EXPORT_ROCKSDB_CONFIG_TO_JSON: {
    code: 355,
    reason: "Belongs to Apache's RocksDB store; ours keeps the file formats.",
  },
  UPDATE_AND_CREATE_STATIC_TOPIC: {
    code: 513,
    reason: 'Static topics spread one queue over brokers; they are not offered.',
  },
  ADD_BROKER: {
    code: 902,
    reason: 'Several brokers in one process (broker container) are not offered.',
  },
  REMOVE_BROKER: {
    code: 903,
    reason: 'Several brokers in one process (broker container) are not offered.',
  },
  EXCHANGE_BROKER_HA_INFO: {
    code: 906,
    reason: 'Belongs to slaves that act as masters; ours become masters by an operator’s command.',
  },
  CONTROLLER_ALTER_SYNC_STATE_SET: { code: 1001, reason: 'Controller mode is not offered.' },
  CONTROLLER_ELECT_MASTER: { code: 1002, reason: 'Controller mode is not offered.' },
  CONTROLLER_REGISTER_BROKER: { code: 1003, reason: 'Controller mode is not offered.' },
  CONTROLLER_GET_REPLICA_INFO: { code: 1004, reason: 'Controller mode is not offered.' },
  CONTROLLER_GET_METADATA_INFO: { code: 1005, reason: 'Controller mode is not offered.' },
  CONTROLLER_GET_SYNC_STATE_DATA: { code: 1006, reason: 'Controller mode is not offered.' },
  GET_BROKER_EPOCH_CACHE: {
    code: 1007,
    reason: 'Controller mode is not offered.',
  },
  NOTIFY_BROKER_ROLE_CHANGED: { code: 1008, reason: 'Controller mode is not offered.' },
  UPDATE_CONTROLLER_CONFIG: { code: 1009, reason: 'Controller mode is not offered.' },
  GET_CONTROLLER_CONFIG: { code: 1010, reason: 'Controller mode is not offered.' },
  CLEAN_BROKER_DATA: { code: 1011, reason: 'Controller mode is not offered.' },
  CONTROLLER_GET_NEXT_BROKER_ID: { code: 1012, reason: 'Controller mode is not offered.' },
  CONTROLLER_APPLY_BROKER_ID: { code: 1013, reason: 'Controller mode is not offered.' },
  SET_COMMITLOG_READ_MODE: {
    code: 2004,
    reason: "Advises the system about Apache's memory-mapped files; ours are read without mapping.",
  },
  AUTH_CREATE_USER: { code: 3001, reason: 'Access control (ACL 2.0) is not offered yet.' },
  AUTH_UPDATE_USER: { code: 3002, reason: 'Access control (ACL 2.0) is not offered yet.' },
  AUTH_DELETE_USER: { code: 3003, reason: 'Access control (ACL 2.0) is not offered yet.' },
  AUTH_GET_USER: { code: 3004, reason: 'Access control (ACL 2.0) is not offered yet.' },
  AUTH_LIST_USER: { code: 3005, reason: 'Access control (ACL 2.0) is not offered yet.' },
  AUTH_CREATE_ACL: { code: 3006, reason: 'Access control (ACL 2.0) is not offered yet.' },
  AUTH_UPDATE_ACL: { code: 3007, reason: 'Access control (ACL 2.0) is not offered yet.' },
  AUTH_DELETE_ACL: { code: 3008, reason: 'Access control (ACL 2.0) is not offered yet.' },
  AUTH_GET_ACL: { code: 3009, reason: 'Access control (ACL 2.0) is not offered yet.' },
  AUTH_LIST_ACL: { code: 3010, reason: 'Access control (ACL 2.0) is not offered yet.' },
  SWITCH_TIMER_ENGINE: {
    code: 5001,
    reason: 'Moves timers into RocksDB; ours keeps the file formats.',
  },
  POP_ROLLBACK: {
    code: 200056,
    reason: "Belongs to Apache's RocksDB store; ours keeps the file formats.",
  },
  POP_LITE_MESSAGE: {
    code: 200070,
    reason: 'Lite topics (5.5) are not offered yet.',
  },
  LITE_SUBSCRIPTION_CTL: {
    code: 200071,
    reason: 'Lite topics (5.5) are not offered yet.',
  },
  ACK_LITE_MESSAGE: {
    code: 200072,
    reason: 'Lite topics (5.5) are not offered yet.',
  },
  NOTIFY_UNSUBSCRIBE_LITE: {
    code: 200073,
    reason: 'Lite topics (5.5) are not offered yet.',
  },
  GET_BROKER_LITE_INFO: {
    code: 200074,
    reason: 'Lite topics (5.5) are not offered yet.',
  },
  GET_PARENT_TOPIC_INFO: {
    code: 200075,
    reason: 'Lite topics (5.5) are not offered yet.',
  },
  GET_LITE_TOPIC_INFO: {
    code: 200076,
    reason: 'Lite topics (5.5) are not offered yet.',
  },
  GET_LITE_CLIENT_INFO: {
    code: 200077,
    reason: 'Lite topics (5.5) are not offered yet.',
  },
  GET_LITE_GROUP_INFO: {
    code: 200078,
    reason: 'Lite topics (5.5) are not offered yet.',
  },
  TRIGGER_LITE_DISPATCH: {
    code: 200079,
    reason: 'Lite topics (5.5) are not offered yet.',
  },
};
