import { describeError } from '@rocketmq-ts/kernel';
import type { Clock, ClockTask, Logger } from '@rocketmq-ts/kernel';
import { ResponseCode, sameDataVersion } from '@rocketmq-ts/protocol';
import type { ConsumerOffsetWrapper, DelayOffsetWrapper } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import type { RemotingClient } from '@rocketmq-ts/remoting';
import type { DelayOffsets } from '../delay/delay-offsets.js';
import type { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import type { GroupOffset } from '../offset/offset-key.js';
import type { OwnCommits } from '../offset/own-commits.js';
import type { RequestModeTable } from '../pop/assignment/request-mode-table.js';
import { askLogBounds } from '../replication/master-facts.js';
import type { LogBounds } from '../replication/master-facts.js';
import type { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import type { TopicTable } from '../topic/topic-table.js';
import { MasterTables } from './master-tables.js';

/** How often is looked whether the log has come far enough for progress that was read. */
const LOOK_INTERVAL_MS = 50;

/** How long messages of new topics are gathered before the master is asked for them. */
const NEW_TOPIC_MS = 10;
/** Topics that are remembered as not known to the master either. */
const SOUGHT_COUNT_MAX = 1_000;

/** What `MetadataSync` works with. */
export interface MetadataSyncParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly client: RemotingClient;
  /** Where the master is; undefined while nobody knows. */
  readonly master: () => string | undefined;
  /** Where the log of this slave ends. */
  readonly logEnd: () => number;
  readonly topics: TopicTable;
  readonly groups: SubscriptionGroupTable;
  readonly offsets: ConsumerOffsetTable;
  /** What clients have committed here and the master does not know. */
  readonly ownCommits: OwnCommits;
  readonly delays: DelayOffsets;
  readonly modes: RequestModeTable;
  /** Removes the queues of a topic that the master does not have any more. */
  readonly forgetTopic: (topic: string) => Promise<void>;
  /** Notes the timer's checkpoint of the master. */
  readonly saveTimerCheckpoint: (bytes: Buffer) => Promise<void>;
  readonly intervalMs: number;
}

/** What says how far something is in the log, with the end that the master's log had when all of it was read. */
interface Progress {
  readonly offsets: ConsumerOffsetWrapper;
  readonly delays: DelayOffsetWrapper;
  readonly timerCheckpoint: Buffer | undefined;
  readonly logEnd: number;
}

/**
 * Keeps the tables of a slave those of its master.
 *
 * Invariants:
 *  I1  progress (offsets of groups, delay levels, the timer) comes into force only when this log holds everything that the
 *      master's held when it was read: a slave that becomes master has never passed a message that it does not have;
 *  I2  what clients have committed here while the master was away goes to the master before its table is taken over, where it
 *      is ahead of the master's;
 *  I3  one round at a time; a round that fails changes nothing that it had not finished.
 *
 * Source: rocketmq 5.5.0 `SlaveSynchronize`.
 */
export class MetadataSync {
  private task: ClockTask | undefined;
  private soon: ClockTask | undefined;
  /** Topics without a place in the table that were asked for in this interval. */
  private readonly sought = new Set<string>();
  private running: Promise<void> | undefined;
  private stopped = true;
  private failing = false;
  private waiting: Progress | undefined;
  private bounds: LogBounds | undefined;
  private savedCheckpoint: Buffer | undefined;
  /** Monotonic ms of the last round that succeeded; undefined before. */
  private doneAtMs: number | undefined;

  constructor(private readonly parts: MetadataSyncParts) {}

  start(): void {
    this.stopped = false;
    this.parts.offsets.keepOwnCommits(this.parts.ownCommits);
    void this.round();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.task?.cancel();
    this.soon?.cancel();
    await this.running;
  }

  /** The master may be known or back: does not wait for the next round. */
  hurry(): void {
    if (!this.stopped && !this.running) void this.round();
  }

  /**
   * A message of this topic was copied. The topic may be younger than the last round: should the master be lost now, its messages
   * could be read nowhere.
   */
  noteArrival(topic: string): void {
    if (this.stopped || this.soon || this.parts.topics.find(topic) || this.sought.has(topic))
      return;
    if (this.sought.size < SOUGHT_COUNT_MAX) this.sought.add(topic);
    const look = (): void => {
      this.soon = undefined;
      // A round under way may have read the topics before this one was there.
      if (this.running) this.soon = this.parts.clock.setTimer(NEW_TOPIC_MS, look);
      else void this.round();
    };
    this.soon = this.parts.clock.setTimer(NEW_TOPIC_MS, look);
  }

  /** How old what is in force is; undefined: there was no round yet. */
  get ageMs(): number | undefined {
    return this.doneAtMs === undefined ? undefined : this.parts.clock.monotonicMs() - this.doneAtMs;
  }

  /** Bounds of the master's log, as of the last round. */
  get masterLog(): LogBounds | undefined {
    return this.bounds;
  }

  private round(): Promise<void> {
    this.task?.cancel();
    this.running ??= this.roundOnce().finally(() => {
      this.running = undefined;
      this.schedule();
    });
    return this.running;
  }

  private async roundOnce(): Promise<void> {
    const { logger, client, clock } = this.parts;
    const address = this.parts.master();
    if (address === undefined) return;
    try {
      const tables = new MasterTables(client, address);
      await this.copyTopics(tables);
      await this.copyGroups(tables);
      await this.copyModes(tables);
      await this.copyProgress(tables, address);
      this.doneAtMs = clock.monotonicMs();
      if (this.failing) logger.info('tables of the master are copied again', { master: address });
      this.failing = false;
    } catch (error) {
      // Once until it works again: a master that is down would fill the log.
      if (!this.failing) {
        logger.warn('tables of the master cannot be copied; it is tried again', {
          master: address,
          reason: describeError(error),
        });
      }
      this.failing = true;
    }
  }

  private schedule(): void {
    if (this.stopped) return;
    const { clock, intervalMs } = this.parts;
    const dueMs = clock.monotonicMs() + intervalMs;
    const look = (): void => {
      void this.applyProgress();
      const leftMs = dueMs - clock.monotonicMs();
      if (leftMs <= 0) {
        this.sought.clear();
        void this.round();
      } else this.task = clock.setTimer(this.pauseMs(leftMs), look);
    };
    this.task = clock.setTimer(this.pauseMs(intervalMs), look);
  }

  private pauseMs(leftMs: number): number {
    return this.waiting ? Math.min(leftMs, LOOK_INTERVAL_MS) : leftMs;
  }

  private async copyTopics(tables: MasterTables): Promise<void> {
    const { topics, logger, forgetTopic } = this.parts;
    if (sameDataVersion(await tables.topicsVersion(), topics.dataVersion)) return;
    const gone = await topics.adopt(await tables.topics());
    logger.info('topics copied from the master', { topics: topics.size, gone: gone.length });
    for (const topic of gone) await forgetTopic(topic);
  }

  private async copyGroups(tables: MasterTables): Promise<void> {
    const { groups, logger } = this.parts;
    if (sameDataVersion(await tables.groupsVersion(), groups.dataVersion)) return;
    await groups.adopt(await tables.groups());
    logger.info('consumer groups copied from the master', { groups: groups.size });
  }

  /** Masters before 5.0 know no request modes and no timer. */
  private async copyModes(tables: MasterTables): Promise<void> {
    const modes = await unlessUnknown(tables.requestModes());
    if (modes) await this.parts.modes.adopt(modes);
  }

  private async copyProgress(tables: MasterTables, address: string): Promise<void> {
    const { client, ownCommits } = this.parts;
    const own = ownCommits.list();
    const theirs = await tables.consumerOffsets();
    await this.tellMaster(tables, own, theirs);
    ownCommits.settle(own);
    const delays = await tables.delayOffsets();
    const timerCheckpoint = await unlessUnknown(tables.timerCheckpoint());
    // Read last: everything above lies in the log below this end.
    this.bounds = await askLogBounds(client, address);
    const { maxOffset: logEnd } = this.bounds;
    // Progress that still waits for the log comes first: newer progress would wait longer.
    await this.applyProgress();
    this.waiting ??= { offsets: theirs, delays, timerCheckpoint, logEnd };
    await this.applyProgress();
  }

  /** I2 */
  private async tellMaster(
    tables: MasterTables,
    own: readonly GroupOffset[],
    { offsetTable }: ConsumerOffsetWrapper,
  ): Promise<void> {
    let told = 0;
    for (const commit of own) {
      const { topic, group, queueId, queueOffset } = commit;
      const key = `${topic}@${group}`;
      const theirs = offsetTable.get(key);
      if ((theirs?.get(queueId) ?? -1) >= queueOffset) continue;
      try {
        await tables.commit(commit);
      } catch (error) {
        // A topic or group that is gone there: its offset is nobody's any more.
        if (error instanceof ResponseError) continue;
        throw error;
      }
      told++;
      if (theirs) theirs.set(queueId, queueOffset);
      else offsetTable.set(key, new Map([[queueId, queueOffset]]));
    }
    if (told > 0)
      this.parts.logger.info('offsets that were committed here are told to the master', {
        queues: told,
      });
  }

  /** I1 */
  private async applyProgress(): Promise<void> {
    const { waiting, parts } = this;
    if (!waiting || parts.logEnd() < waiting.logEnd) return;
    this.waiting = undefined;
    parts.offsets.adopt(waiting.offsets);
    parts.delays.adopt(waiting.delays);
    const { timerCheckpoint } = waiting;
    if (!timerCheckpoint || this.savedCheckpoint?.equals(timerCheckpoint)) return;
    try {
      await parts.saveTimerCheckpoint(timerCheckpoint);
      this.savedCheckpoint = timerCheckpoint;
    } catch (error) {
      // An older one, or none, delivers again; it loses nothing.
      parts.logger.warn('the progress of the timer could not be saved', {
        reason: describeError(error),
      });
    }
  }
}

/** @returns undefined where the master does not know the question, or has nothing to say. */
async function unlessUnknown<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error;
    const { REQUEST_CODE_NOT_SUPPORTED, SYSTEM_ERROR } = ResponseCode;
    if (error.responseCode === REQUEST_CODE_NOT_SUPPORTED) return undefined;
    if (error.responseCode === SYSTEM_ERROR) return undefined;
    throw error;
  }
}
