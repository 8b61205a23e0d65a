import {
  asError,
  InvariantError,
  type Clock,
  type ClockTask,
  type Logger,
  type Network,
} from '@rocketmq-ts/kernel';
import type { CopiedLog, CopyPressure, SourceLog } from './log-seams.js';
import { agreeWithMaster, type Agreement, type SlaveIdentity } from './master-agreement.js';
import type { MasterLink } from './master-link.js';
import type { ReplicaClientStatus, ReplicaState } from './replica-status.js';
import { ReplicaStream, type SlaveAck } from './replica-stream.js';
import {
  DivergedLogError,
  HaProtocolError,
  ReplicaTooOldError,
  ReplicationError,
} from './replication-errors.js';

/** What to do with the log of a slave that cannot go on: `haDivergedSlave`. */
export type DivergedSlavePolicy = 'refuse' | 'truncate' | 'reseed';

/** What has to be done to the slave's store, while it is closed, before replication can go on. */
export type ReplicaRepair =
  { readonly kind: 'TRUNCATE'; readonly offset: number } | { readonly kind: 'RESEED' };

/** Settings of the slave's side. */
export interface ReplicaClientOptions {
  /** `haSlaveAck`. Default `received`. */
  readonly ack?: SlaveAck;
  /** `haDivergedSlave`. Default `refuse`. */
  readonly diverged?: DivergedSlavePolicy;
  /** `haSendHeartbeatInterval`. Default 5 000. */
  readonly heartbeatMs?: number;
  /** `haHousekeepingInterval`. Default 20 000. */
  readonly silenceMaxMs?: number;
  /** Largest frame that a master may send. Default 1 MiB. */
  readonly frameBytesMax?: number;
  /** Longer than any record. Default 16 MiB. */
  readonly recordBytesMax?: number;
}

/** What the slave's side works with. */
export interface ReplicaClientParts {
  readonly network: Network;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The slave's own log, to compare it: its store's `rawLog`. */
  readonly log: SourceLog;
  /** The same log, to write it: its store's `replicaLog`. */
  readonly replica: CopiedLog;
  /** The store. */
  readonly pressure: CopyPressure;
  readonly link: MasterLink;
  readonly identity: SlaveIdentity;
  /** The master's replication port as known now; asked before each attempt. */
  masterAddress(): { readonly host: string; readonly port: number } | undefined;
  /** A master of ours was agreed with; called before its first byte is taken. */
  onMasterEpoch?(epoch: number): void;
  /** The store has to be closed and repaired, then another client be made: this one has stopped. Never without the policy. */
  onRepair(repair: ReplicaRepair): void;
}

const BACK_OFF_MIN_MS = 500;
const BACK_OFF_MAX_MS = 5_000;
const CONNECT_MS = 5_000;
const TICK_MS = 1_000;

/**
 * The slave's side: agrees with the master, takes its stream, and begins again when it ends.
 *
 * Invariants:
 *  I1  there is at most one attempt or stream at a time;
 *  I2  no byte is taken from a master before it was compared with this log;
 *  I3  after `stop` nothing is taken any more.
 */
export class ReplicaClient {
  private state: ReplicaState = 'STOPPED';
  private stream: ReplicaStream | undefined;
  private agreement: Agreement | undefined;
  private master: string | undefined;
  private problem: string | undefined;
  private refused = false;
  private waiting: ClockTask | undefined;
  private backOffMs = BACK_OFF_MIN_MS;
  private generation = 0;
  private connects = 0;
  private protocolErrors = 0;
  private receivedBytes = 0;
  private sampledBytes = 0;
  private bytesPerSecond = 0;
  private ends: (() => void)[] = [];

  constructor(
    private readonly parts: ReplicaClientParts,
    private readonly options: ReplicaClientOptions = {},
  ) {
    parts.pressure.onWritable(() => this.stream?.goOn());
  }

  start(): void {
    const { clock, log } = this.parts;
    const ticking = clock.setPeriodic(TICK_MS, () => this.tick());
    this.ends = [
      log.onWritten(() => this.stream?.onWritten()),
      log.onFlushed(() => this.stream?.report()),
      () => ticking.cancel(),
    ];
    this.attempt();
  }

  /** Ends the stream. An attempt under way comes to nothing. */
  stop(): void {
    this.generation++;
    this.waiting?.cancel();
    for (const end of this.ends.splice(0)) end();
    this.state = 'STOPPED';
    this.stream?.end(undefined);
    this.stream = undefined;
  }

  /** The master may have moved: what waits for a next attempt makes it now. */
  reconnect(): void {
    if (this.state === 'WAITING' || this.state === 'NO_MASTER' || this.state === 'REFUSED') {
      this.waiting?.cancel();
      this.attempt();
    }
  }

  get status(): ReplicaClientStatus {
    const { stream, agreement, parts } = this;
    const wallMs = (monotonicMs: number): number =>
      Math.round(parts.clock.nowMs() - parts.clock.monotonicMs() + monotonicMs);
    return {
      state: this.state,
      master: this.master,
      ownMaster: agreement && agreement.ticket !== undefined,
      masterEpoch: agreement?.epoch,
      endOffset: parts.replica.endOffset,
      reportedOffset: stream?.reportedOffset ?? -1,
      masterOffset: Math.max(agreement?.masterOffset ?? -1, stream?.frameEndOffset ?? -1),
      lastReadAtMs: stream ? wallMs(stream.lastReadMs) : 0,
      lastWriteAtMs: stream ? wallMs(stream.lastWriteMs) : 0,
      bytesPerSecond: this.bytesPerSecond,
      receivedBytes: this.receivedBytes + (stream?.receivedBytes ?? 0),
      connects: this.connects,
      protocolErrors: this.protocolErrors,
      problem: this.problem,
      refused: this.refused,
      heldBackBy: parts.pressure.writeRefusal()?.reason,
    };
  }

  private attempt(): void {
    const generation = ++this.generation;
    this.connect(generation).catch((error: unknown) => {
      if (generation === this.generation) this.failed(asError(error));
    });
  }

  private async connect(generation: number): Promise<void> {
    const { network, log, replica, clock, pressure, identity } = this.parts;
    const address = this.parts.masterAddress();
    this.master = address && `${address.host}:${address.port}`;
    if (!address) {
      this.problem = 'no master is known';
      this.refused = false;
      this.tryAgain('NO_MASTER');
      return;
    }
    this.state = 'CHECKING';
    // What was taken from the last stream is compared too, so it must have been written.
    if (replica.writtenOffset < replica.endOffset) {
      this.tryAgain('WAITING');
      return;
    }
    const agreement = await agreeWithMaster({ link: this.parts.link, log, replica, identity });
    if (generation !== this.generation) return;
    this.agreement = agreement;
    if (agreement.epoch !== undefined) this.parts.onMasterEpoch?.(agreement.epoch);
    // The first record of an Apache master's log may be on its way to the disk.
    if (replica.writtenOffset < replica.endOffset) {
      this.tryAgain('WAITING');
      return;
    }
    this.state = 'CONNECTING';
    const to = { ...address, timeoutMs: CONNECT_MS };
    await network.connect(to, (socket) => {
      const { ack = 'received', heartbeatMs = 5_000, silenceMaxMs = 20_000 } = this.options;
      const { frameBytesMax = 1024 * 1024, recordBytesMax = 16 * 1024 * 1024 } = this.options;
      const onEnd = (error: Error | undefined): void => this.onEnd(stream, error);
      const stream = new ReplicaStream(
        socket,
        { replica, pressure, clock, onEnd },
        {
          ...{ ack, heartbeatMs, silenceMaxMs, frameBytesMax, recordBytesMax },
          segmentSizeBytes: log.segmentSizeBytes,
          ticket: agreement.ticket,
        },
      );
      if (generation === this.generation) this.begin(stream);
      else stream.end(undefined);
      return stream;
    });
  }

  private begin(stream: ReplicaStream): void {
    this.stream = stream;
    this.state = 'STREAMING';
    this.problem = undefined;
    this.refused = false;
    this.connects++;
    const { logger, replica } = this.parts;
    logger.info('replication begins', { master: this.master, offset: replica.endOffset });
    stream.begin();
  }

  private onEnd(stream: ReplicaStream, error: Error | undefined): void {
    this.receivedBytes += stream.receivedBytes;
    if (stream !== this.stream) return;
    if (stream.receivedBytes > 0) this.backOffMs = BACK_OFF_MIN_MS;
    this.stream = undefined;
    this.failed(error ?? new Error('the master closed the connection'));
  }

  private failed(error: Error): void {
    if (error instanceof InvariantError) throw error;
    const { logger } = this.parts;
    const news = this.problem !== error.message;
    this.problem = error.message;
    const facts = { master: this.master, reason: error.message };
    const repair = this.repairFor(error);
    if (repair) {
      logger.error('the log of this slave has to be repaired', { ...facts, repair: repair.kind });
      this.stop();
      this.state = 'REPAIR';
      this.parts.onRepair(repair);
    } else if (error instanceof ReplicationError && !error.retriable) {
      this.refused = true;
      if (news) logger.error('this slave cannot follow its master', facts);
      this.backOffMs = BACK_OFF_MAX_MS;
      this.tryAgain('REFUSED');
    } else {
      // Whoever cannot be reached any more is no reason to keep consumers away from what is here.
      this.refused = false;
      const garbled = error instanceof HaProtocolError;
      if (garbled) this.protocolErrors++;
      if (garbled) logger.error('replication ended: the stream is not sound', facts);
      else if (news) logger.warn('replication ended', facts);
      this.tryAgain('WAITING');
    }
  }

  private repairFor(error: Error): ReplicaRepair | undefined {
    const { diverged = 'refuse' } = this.options;
    const ofLog = error instanceof DivergedLogError || error instanceof ReplicaTooOldError;
    if (!ofLog || diverged === 'refuse') return undefined;
    if (diverged === 'reseed') return { kind: 'RESEED' };
    const offset = error instanceof DivergedLogError ? error.commonOffset : undefined;
    return offset === undefined ? undefined : { kind: 'TRUNCATE', offset };
  }

  private tryAgain(state: ReplicaState): void {
    this.state = state;
    this.waiting = this.parts.clock.setTimer(this.backOffMs, () => this.attempt());
    this.backOffMs = Math.min(2 * this.backOffMs, BACK_OFF_MAX_MS);
  }

  private tick(): void {
    const totalBytes = this.receivedBytes + (this.stream?.receivedBytes ?? 0);
    this.bytesPerSecond = totalBytes - this.sampledBytes;
    this.sampledBytes = totalBytes;
    this.stream?.tick(this.parts.clock.monotonicMs());
  }
}
