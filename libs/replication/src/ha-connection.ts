import type { Clock, Logger, NetworkSocket, SocketEvents } from '@rocketmq-ts/kernel';
import { RocketMQError } from '@rocketmq-ts/kernel';
import { encodeFrameHeader, FRAME_HEADER_BYTES, ReportReader } from './ha-frame.js';
import type { SourceLog } from './log-seams.js';
import type { AcceptorCounters, ReplicaIdentity, ReplicaStatus } from './replica-status.js';
import { HaProtocolError, HaTimeoutError, type ReplicationError } from './replication-errors.js';
import { ReplicaProgress, type ReplicationProgress } from './replication-progress.js';
import type { ReplicationTickets } from './replication-tickets.js';

/** Largest frame for a slave of ours. */
export const OWN_FRAME_BYTES_MAX = 1024 * 1024;
/** Largest frame for an Apache slave. Source: MessageStoreConfig.haTransferBatchSize */
export const APACHE_FRAME_BYTES_MAX = 32 * 1024;
const UNSENT_BYTES_MAX = 4 * 1024 * 1024;
const NOBODY: ReplicaIdentity = { brokerId: undefined, address: undefined };

/** Times of a connection, in ms. */
export interface HaTimes {
  readonly heartbeatMs: number;
  readonly silenceMaxMs: number;
  readonly firstReportMs: number;
  /** A slave that leaves something unacknowledged for longer is not in sync. */
  readonly slaveTimeoutMs: number;
}

/** What connections of one acceptor share. */
export interface HaConnectionParts {
  readonly log: SourceLog;
  readonly progress: ReplicationProgress;
  readonly tickets: ReplicationTickets;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: AcceptorCounters;
  readonly times: HaTimes;
  /** A slave has said who it is: an older connection of the same one has to go. */
  onIdentified(connection: HaConnection): void;
  onClosed(connection: HaConnection): void;
}

/**
 * The master's end of one connection on the replication port. It is silent until the slave has reported where it is; then the
 * log is sent from there, as soon as it is written, straight from the memory in which it was written.
 *
 * Invariants:
 *  I1  what is sent is contiguous from `startOffset` on, and written; a frame lies in one file;
 *  I2  a slave's acknowledged offset never falls and is never above what is written here: who claims it is cut off;
 *  I3  every piece of the log that was taken is released once, also when the connection dies.
 */
export class HaConnection implements SocketEvents {
  identity: ReplicaIdentity = NOBODY;
  private readonly reports = new ReportReader();
  private ticketed = false;
  private replica: ReplicaProgress | undefined;
  private lastReport = -1;
  private reading = false;
  private pumping = false;
  private closed = false;
  private pieces: Buffer[] = [];
  private releases: (() => void)[] = [];
  private gatheredBytes = 0;
  private readonly openedMs: number;
  private readonly connectedAtMs: number;
  private lastReportMs: number;
  private lastSentMs: number;
  private sampledBytes = 0;
  private bytesPerSecond = 0;
  private readonly takeReport = (offset: number): void => this.onReport(offset);

  constructor(
    private readonly socket: NetworkSocket,
    private readonly parts: HaConnectionParts,
  ) {
    this.openedMs = parts.clock.monotonicMs();
    this.connectedAtMs = parts.clock.nowMs();
    this.lastReportMs = this.openedMs;
    this.lastSentMs = this.openedMs;
  }

  /** The same for connections of the same slave; of Apache's, which do not say who they are, for all of one address. */
  get key(): string {
    const { brokerId } = this.identity;
    return brokerId === undefined ? this.socket.remoteAddress : `broker id ${brokerId}`;
  }

  /** Undefined before the slave has said where it is. */
  status(gapMaxBytes: number): ReplicaStatus | undefined {
    const { replica, socket, identity, connectedAtMs, bytesPerSecond } = this;
    if (!replica) return undefined;
    const { log, clock } = this.parts;
    const nowMs = clock.monotonicMs();
    return {
      ...identity,
      remoteAddress: socket.remoteAddress,
      remotePort: socket.remotePort,
      startOffset: replica.startOffset,
      sentOffset: replica.sentOffset,
      ackedOffset: replica.ackedOffset,
      gapBytes: log.writtenOffset - Math.max(0, replica.ackedOffset),
      lagMs: Math.round(replica.lagMs(nowMs)),
      inSync: replica.isInSync(log.writtenOffset, gapMaxBytes, nowMs),
      connectedAtMs,
      bytesPerSecond,
    };
  }

  onData(chunk: Buffer): void {
    if (this.closed) return;
    try {
      this.reports.take(chunk, this.takeReport);
    } catch (error) {
      if (!(error instanceof RocketMQError)) throw error;
      this.fail(new HaProtocolError(error.message, { cause: error }));
    }
  }

  onDrain(): void {
    this.pump();
  }

  onClose(): void {
    this.leave();
  }

  /** Closes; the reason is logged. */
  fail(error: ReplicationError): void {
    if (this.closed) return;
    const { counters, logger } = this.parts;
    const facts = { slave: this.key, port: this.socket.remotePort, reason: error.message };
    if (error instanceof HaProtocolError) {
      counters.protocolErrors++;
      logger.error('slave cut off', facts);
    } else {
      logger.warn('connection of a slave closed', facts);
    }
    this.close();
  }

  close(): void {
    this.leave();
    this.socket.destroy();
  }

  /** Sends what is written and not yet sent, as much as the connection takes. Called in the tick of the write. */
  pump(): void {
    const { replica } = this;
    if (!replica || this.reading || this.pumping) return;
    this.pumping = true;
    // Again: what the system takes at once is never drained, and nobody would call for the rest.
    do {
      while (this.maySend(replica)) this.readNext(replica);
      this.sendGathered();
    } while (this.maySend(replica));
    this.pumping = false;
  }

  private maySend(replica: ReplicaProgress): boolean {
    const waitingBytes = this.socket.unsentBytes + this.gatheredBytes;
    const isMore = replica.sentOffset < this.parts.log.writtenOffset;
    return !this.closed && !this.reading && isMore && waitingBytes < UNSENT_BYTES_MAX;
  }

  private readNext(replica: ReplicaProgress): void {
    const frameBytesMax = this.ticketed ? OWN_FRAME_BYTES_MAX : APACHE_FRAME_BYTES_MAX;
    this.reading = true;
    this.parts.log.read(replica.sentOffset, frameBytesMax, (found, error) => {
      this.reading = false;
      if (this.closed) found?.release();
      else if (!found) this.fail(nothingThere(replica.sentOffset, error));
      else this.gather(replica, found);
      this.pump();
    });
  }

  /** Once a second: heartbeats, silence, rates. */
  tick(nowMs: number): void {
    const { times, counters } = this.parts;
    const { replica, socket } = this;
    this.bytesPerSecond = (replica?.sentOffset ?? 0) - this.sampledBytes;
    this.sampledBytes = replica?.sentOffset ?? 0;
    const silentMs = nowMs - (replica ? this.lastReportMs : this.openedMs);
    if (silentMs > (replica ? times.silenceMaxMs : times.firstReportMs)) {
      counters.silentPeers++;
      this.fail(new HaTimeoutError(`no report for ${Math.round(silentMs)} ms`));
    } else if (replica && nowMs - this.lastSentMs >= times.heartbeatMs && !socket.unsentBytes) {
      this.lastSentMs = nowMs;
      socket.write(encodeFrameHeader(replica.sentOffset, 0));
    }
  }

  private onReport(offset: number): void {
    if (this.closed) return;
    this.lastReportMs = this.parts.clock.monotonicMs();
    const { writtenOffset } = this.parts.log;
    if (this.replica) this.onProgress(this.replica, offset, writtenOffset);
    else if (offset < 0) this.onTicket(offset);
    else if (offset > writtenOffset) this.fail(aheadOf(offset, writtenOffset));
    else this.begin(offset);
  }

  private onTicket(ticket: number): void {
    const identity = this.ticketed ? undefined : this.parts.tickets.redeem(ticket);
    if (!identity) {
      this.fail(new HaProtocolError('neither an offset nor a ticket that is open here'));
      return;
    }
    this.identity = identity;
    this.ticketed = true;
  }

  private begin(offset: number): void {
    const { log, times, progress, logger } = this.parts;
    // An Apache slave that is empty takes any start; one of ours says where it begins.
    const startOffset = offset === 0 && !this.ticketed ? log.minOffset : offset;
    if (startOffset < log.minOffset) {
      this.fail(new HaProtocolError(`wants ${startOffset}, the log begins at ${log.minOffset}`));
      return;
    }
    this.parts.onIdentified(this);
    const replica = new ReplicaProgress(startOffset, times.slaveTimeoutMs, this.key);
    this.replica = replica;
    this.sampledBytes = startOffset;
    const nowMs = this.lastReportMs;
    // The first report of an Apache slave is what it has; ours says that in a second one.
    if (!this.ticketed) {
      this.lastReport = offset;
      replica.acknowledge(offset, log.writtenOffset, nowMs);
    }
    replica.noteWritten(log.writtenOffset, nowMs);
    progress.add(replica);
    logger.info('slave connected', { slave: this.key, startOffset, own: this.ticketed });
    this.pump();
  }

  private onProgress(replica: ReplicaProgress, offset: number, writtenOffset: number): void {
    if (offset > writtenOffset) this.fail(aheadOf(offset, writtenOffset));
    else if (offset < this.lastReport)
      this.fail(new HaProtocolError(`reported ${offset} after ${this.lastReport}`));
    else if (offset > replica.sentOffset)
      this.fail(new HaProtocolError(`reported ${offset}, was sent up to ${replica.sentOffset}`));
    else if (offset > this.lastReport) {
      this.lastReport = offset;
      replica.acknowledge(offset, writtenOffset, this.lastReportMs);
      this.parts.progress.changed();
    }
  }

  private gather(replica: ReplicaProgress, found: { bytes: Buffer; release(): void }): void {
    const { bytes } = found;
    this.pieces.push(encodeFrameHeader(replica.sentOffset, bytes.length), bytes);
    this.releases.push(() => found.release());
    this.gatheredBytes += FRAME_HEADER_BYTES + bytes.length;
    replica.sentOffset += bytes.length;
  }

  private sendGathered(): void {
    const { pieces, releases, gatheredBytes } = this;
    if (pieces.length === 0) return;
    this.pieces = [];
    this.releases = [];
    this.gatheredBytes = 0;
    this.lastSentMs = this.parts.clock.monotonicMs();
    this.parts.counters.sentBytes += gatheredBytes;
    this.socket.writeAll(pieces, () => {
      for (const release of releases) release();
    });
  }

  private leave(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.replica) this.parts.progress.remove(this.replica);
    this.parts.onClosed(this);
  }
}

const aheadOf = (offset: number, writtenOffset: number): HaProtocolError =>
  new HaProtocolError(`reported ${offset}, the log ends at ${writtenOffset}`);

const nothingThere = (offset: number, error: Error | undefined): HaProtocolError =>
  new HaProtocolError(`offset ${offset} cannot be read: ${error?.message ?? 'expired'}`);
