/**
 * Bits of a message's `sysFlag`, as sent and as stored.
 * Source: rocketmq 5.5.0 `MessageSysFlag`.
 */
export const MessageSysFlag = {
  COMPRESSED: 0x1,
  MULTI_TAGS: 0x2,
  /** Two bits: 0 none, then the three below. */
  TRANSACTION_MASK: 0xc,
  TRANSACTION_PREPARED: 0x4,
  TRANSACTION_COMMIT: 0x8,
  TRANSACTION_ROLLBACK: 0xc,
  BORN_HOST_V6: 0x10,
  STORE_HOST_V6: 0x20,
  NEED_UNWRAP: 0x40,
  INNER_BATCH: 0x80,
  /** Three bits: 0 zlib (legacy), 1 LZ4, 2 ZSTD, 3 zlib. */
  COMPRESSION_TYPE_MASK: 0x700,
} as const;

/**
 * Bits of a pull request's `sysFlag`.
 * Source: rocketmq 5.5.0 `PullSysFlag`.
 */
export const PullSysFlag = {
  /** `commitOffset` is to be stored for the group. */
  COMMIT_OFFSET: 0x1,
  /** The answer may wait up to `suspendTimeoutMillis` for a message. */
  SUSPEND: 0x2,
  /** `subscription` and `expressionType` of the request count, not those of the heartbeat. */
  SUBSCRIPTION: 0x4,
  CLASS_FILTER: 0x8,
  LITE_PULL: 0x10,
} as const;

/** Bits of a topic's or queue's `perm`. Source: rocketmq 5.5.0 `PermName`. */
export const Perm = { INHERIT: 0x1, WRITE: 0x2, READ: 0x4, PRIORITY: 0x8 } as const;

/** Bits of a topic's `topicSysFlag`. Source: rocketmq 5.5.0 `TopicSysFlag`. */
export const TopicSysFlag = { UNIT: 0x1, UNIT_SUB: 0x2 } as const;

/** Whether a message of this flag stands in no consume queue: half messages and rolled-back ones. */
export function isHiddenTransaction(sysFlag: number): boolean {
  const type = sysFlag & MessageSysFlag.TRANSACTION_MASK;
  return (
    type === MessageSysFlag.TRANSACTION_PREPARED || type === MessageSysFlag.TRANSACTION_ROLLBACK
  );
}
