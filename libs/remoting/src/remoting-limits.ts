import { KIB, MIB } from '@rocketmq-ts/kernel';
import { DEFAULT_FRAME_LIMITS, type FrameLimits } from '@rocketmq-ts/protocol';

/** What one side takes from its peers before it slows them down, refuses or closes. */
export interface RemotingLimits extends FrameLimits {
  /** Connections of all listeners together; more are closed as they come. */
  readonly connectionCountMax: number;
  readonly connectionsPerAddressMax: number;
  /** A connection without any byte in or out for this long is closed. */
  readonly idleMs: number;
  /** A frame must be complete this long after its first byte. Time in which we do not read does not count. */
  readonly frameDeadlineMs: number;
  /** Requests of one connection that are being worked on; at this many its reading pauses until half are done. */
  readonly inFlightCountMax: number;
  /** Bytes of all requests that are being worked on; above it connections that bring more are paused. */
  readonly inFlightBytesMax: number;
  /**
   * Bytes of unfinished frames, and of requests that wait while their connection is paused, all connections together;
   * above it the oldest unfinished frame loses its connection.
   */
  readonly partialBytesMax: number;
  /** Unsent bytes at which we stop reading requests of that connection, until all of them have left. */
  readonly unsentPauseBytes: number;
  /** Unsent bytes beyond which a connection gets no more answers and is closed. One answer alone may be larger. */
  readonly unsentBytesMax: number;
  /** As `unsentBytesMax` for all connections together; above it the one with most unsent bytes is closed. */
  readonly unsentBytesTotalMax: number;
  /** A connection whose unsent bytes do not become fewer for this long is closed. */
  readonly unsentDeadlineMs: number;
  /** Requests of ours that wait for an answer of one peer. */
  readonly pendingCountMax: number;
}

/**
 * Apache's figures where it has any (frame, idle time). The others bound what hostile or slow peers can make a process
 * keep: together well under the memory of a small machine. Settings of the same names change them (`LimitsConfig`).
 */
export const DEFAULT_REMOTING_LIMITS: RemotingLimits = {
  ...DEFAULT_FRAME_LIMITS,
  connectionCountMax: 10_000,
  connectionsPerAddressMax: 1_000,
  idleMs: 120_000,
  frameDeadlineMs: 30_000,
  inFlightCountMax: 1_024,
  inFlightBytesMax: 64 * MIB,
  partialBytesMax: 256 * MIB,
  unsentPauseBytes: 512 * KIB,
  unsentBytesMax: 16 * MIB,
  unsentBytesTotalMax: 256 * MIB,
  unsentDeadlineMs: 60_000,
  pendingCountMax: 16_384,
};

/** Limits with what the caller wants otherwise. */
export const remotingLimits = (changed: Partial<RemotingLimits> = {}): RemotingLimits => ({
  ...DEFAULT_REMOTING_LIMITS,
  ...changed,
});
