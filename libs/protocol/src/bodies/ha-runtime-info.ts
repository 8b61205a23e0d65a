import { bool, defaulted, int32, int64, list, object, optional, text } from '../json/json-type.js';
import type { JsonOf } from '../json/json-type.js';

/** One slave, as its master sees it. Source: rocketmq 5.5.0 `HARuntimeInfo.HAConnectionRuntimeInfo`. */
export const HaConnectionInfo = object({
  addr: text,
  /** Bytes by which the slave is behind. */
  diff: defaulted(int64, () => 0),
  inSync: defaulted(bool, () => false),
  /** Commit-log offset that the slave has. */
  slaveAckOffset: defaulted(int64, () => 0),
  /** Commit-log offset at which the transfer stands. */
  transferFromWhere: defaulted(int64, () => 0),
  transferredByteInSecond: defaulted(int64, () => 0),
});
export type HaConnectionInfo = JsonOf<typeof HaConnectionInfo>;

/** What a slave says of its link; all zero on a master. Source: rocketmq 5.5.0 `HARuntimeInfo.HAClientRuntimeInfo`. */
export const HaClientInfo = object({
  /** Java leaves it out. */
  activated: optional(bool),
  lastReadTimestamp: defaulted(int64, () => 0),
  lastWriteTimestamp: defaulted(int64, () => 0),
  masterAddr: optional(text),
  masterFlushOffset: defaulted(int64, () => 0),
  maxOffset: defaulted(int64, () => 0),
  transferredByteInSecond: defaulted(int64, () => 0),
});
export type HaClientInfo = JsonOf<typeof HaClientInfo>;

/** Source: rocketmq 5.5.0 `HARuntimeInfo`. */
export const HaRuntimeInfo = object({
  haClientRuntimeInfo: HaClientInfo,
  haConnectionInfo: defaulted(list(HaConnectionInfo), () => []),
  inSyncSlaveNums: defaulted(int32, () => 0),
  master: bool,
  masterCommitLogMaxOffset: int64,
});
export type HaRuntimeInfo = JsonOf<typeof HaRuntimeInfo>;
