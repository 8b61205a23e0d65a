import { MIB, type Clock, type Disk, type Logger } from '@rocketmq-ts/kernel';
import { safeTimestampMs, type CheckpointFile } from './checkpoint.js';
import { decideEnd, decideStart, type StartDecision } from './commit-log/commit-log.recovery.js';
import { bridgeGap, cutLog, keepCopy } from './commit-log/log-repair.js';
import { LogScanner, readAt, type ScanEnd, type ScannedRecord } from './commit-log/log-scanner.js';
import { lookBehind, type Behind } from './commit-log/log-search.js';
import type { LogSegments } from './commit-log/log-segments.js';
import { loadSegments } from './commit-log/segment-load.js';
import type { ConsumeQueue } from './consume-queue/consume-queue.js';
import {
  cutFiles,
  findEndOffset,
  findMinOffset,
  loadListedQueues,
  loadQueues,
} from './consume-queue/consume-queue.recovery.js';
import type { ConsumeQueues } from './consume-queue/consume-queues.js';
import type { QueueFiles } from './consume-queue/queue-files.js';
import type { QueueFlusher } from './consume-queue/queue-flusher.js';
import {
  readManifest,
  REBUILDING,
  writeManifest,
  type Manifest,
} from './consume-queue/queue-manifest.js';
import { markAt, type DispatchMark } from './dispatch-mark.js';
import type { StoreSettings } from './message-store.options.js';
import type { IndexSink } from './message-store.types.js';
import { QueueBuild } from './queue-build.js';
import { STORE_TIMESTAMP_END_MAX, storeTimestampOf } from './read/stored-record.js';
import type { SidecarFile, SidecarState } from './sidecar.js';
import { CorruptionError } from './store-errors.js';

/** Log scanned between two writes of queue units: bounds the memory that a long scan takes. */
const UNITS_WRITE_BYTES = 256 * MIB;

/** What recovery works on; it fills segments and queues. */
export interface RecoveryParts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: StoreSettings;
  readonly segments: LogSegments;
  readonly queues: ConsumeQueues;
  readonly files: QueueFiles;
  readonly flusher: QueueFlusher;
  readonly index: IndexSink | undefined;
  readonly sidecar: SidecarFile;
  readonly checkpoint: CheckpointFile;
  readonly abortPresent: boolean;
}

/** What recovery found. */
export interface Recovered {
  readonly basis: StartDecision['basis'];
  /** End of the log. */
  readonly logEndOffset: number;
  /** Everything below is on stable storage for sure. */
  readonly logFlushedOffset: number;
  readonly writtenMark: DispatchMark;
  readonly syncedMark: DispatchMark;
  readonly scannedBytes: number;
  readonly rebuiltQueues: number;
  readonly elapsedMs: number;
}

/**
 * Brings a store directory into a state in which messages can be taken and served: finds the end of the log, removes a torn
 * tail, refuses damage (or, asked to, bridges it) and completes what is derived from the log.
 *
 * Source: rocketmq 5.5.0 `DefaultMessageStore#load`, `CommitLog#recoverNormally`, `#recoverAbnormally`; where it differs
 * from that, FORMAT.md says why.
 */
export class StoreRecovery {
  private readonly scanner: LogScanner;
  private decision!: StartDecision;
  private scannedBytes = 0;
  private scannedFrom = 0;
  private lastStoreTimestampMs = 0;
  private unitsWrittenAt = 0;
  /** Something of the log was given up. */
  private repaired = false;
  /** Where queues went before anything was built anew: files may hold more than is still true. */
  private readonly foundMaxOffsets = new Map<ConsumeQueue, number>();

  constructor(private readonly parts: RecoveryParts) {
    this.scanner = new LogScanner(parts.segments, {
      withKeys: parts.index !== undefined,
      deliverTimestampMs: parts.settings.deliverTimestampMs,
    });
  }

  /** @throws {CorruptionError} @throws {StoreLayoutError} @throws system error */
  async run(): Promise<Recovered> {
    const { segments, queues, files, settings, disk, clock } = this.parts;
    const startedMs = clock.monotonicMs();
    await loadSegments(this.parts, segments, {
      directory: settings.commitLogPath,
      segmentSizeBytes: settings.segmentSizeBytes,
      sizeIsKnown: this.newestState?.segmentSizeBytes === settings.segmentSizeBytes,
      repair: settings.repair,
    });
    const bounds = { minOffset: segments.minOffset, endOffset: segments.endOffset };
    this.decision = await this.decide();
    this.parts.logger.debug('start of recovery decided', { ...this.decision });
    const manifest = await this.readManifest();
    // Our own list is as good as a look at every file; in 8 000 directories that is seconds against milliseconds.
    const broken =
      manifest !== undefined && this.decision.manifestCounts
        ? await loadListedQueues(disk, files, queues, bounds, manifest)
        : await loadQueues(disk, files, queues, bounds);
    for (const queue of queues) this.foundMaxOffsets.set(queue, queue.maxOffset);
    const brokenQueues = new Set(
      broken.map(({ topic, queueId, finding }) => this.report(queues.get(topic, queueId), finding)),
    );
    for (const queue of this.lostQueues(manifest)) brokenQueues.add(queue);
    // Without the list nothing says which queues may have been lost: all are built anew.
    const listLost = manifest === undefined && this.decision.manifestCounts;
    const scanFrom = listLost ? bounds.minOffset : await this.scanStart();
    this.scannedFrom = scanFrom;
    const indexFrom = await this.recoverIndex(scanFrom);
    const build = new QueueBuild(this.parts, { indexFrom, broken: brokenQueues });
    await this.indexBefore(indexFrom, scanFrom);
    const logEndOffset = await this.scanToEnd(scanFrom, build);
    // Units may point into what was given up: with a repair all queues are built from what is left.
    const toRebuild = this.repaired ? new Set(queues) : build.broken;
    const rebuilt = await this.rebuild(toRebuild, logEndOffset, manifest);
    await this.finishQueues(logEndOffset, build, rebuilt, manifest);
    return this.result(logEndOffset, build, rebuilt.size, clock.monotonicMs() - startedMs);
  }

  private get newestState(): SidecarState | undefined {
    return this.parts.sidecar.found[0];
  }

  private async decide(): Promise<StartDecision> {
    const { sidecar, checkpoint, segments, settings, abortPresent } = this.parts;
    const remembered = await this.remembersRecord(this.newestState);
    return decideStart({
      abortPresent,
      sidecar: sidecar.found,
      checkpoint: checkpoint.found,
      bootId: settings.bootId,
      segmentSizeBytes: settings.segmentSizeBytes,
      logMinOffset: segments.minOffset,
      logEndOffset: segments.endOffset,
      remembersRecord: () => remembered,
    });
  }

  /** Whether the last record that the sidecar knows is where it was. After a power loss it may be gone, and rightly. */
  private async remembersRecord(state: SidecarState | undefined): Promise<boolean> {
    const { segments, settings } = this.parts;
    if (!state || state.lastMessageOffset < segments.minOffset) return true;
    const survives = state.bootId === settings.bootId || state.lastMessageOffset < state.syncedUpTo;
    if (!survives) return true;
    const segment = segments.find(state.lastMessageOffset);
    if (!segment) return false;
    const bytes = await readAt(segment, state.lastMessageOffset, STORE_TIMESTAMP_END_MAX);
    return (
      bytes.length === STORE_TIMESTAMP_END_MAX &&
      storeTimestampOf(bytes, 0) === state.lastStoreTimestampMs
    );
  }

  /** An old list does no harm: a queue that has less than it says is built from the log, which is always right. */
  private readManifest(): Promise<Manifest | undefined> {
    return readManifest(this.parts.disk, this.parts.settings.rootPath);
  }

  /** Queues that had more in their files than there is now. */
  private lostQueues(manifest: Manifest | undefined): ConsumeQueue[] {
    const { queues } = this.parts;
    const lost: ConsumeQueue[] = [];
    for (const known of manifest?.queues ?? []) {
      const expected = this.decision.powerLossPossible ? known.syncedOffset : known.writtenOffset;
      const queue =
        queues.peek(known.topic, known.queueId) ?? queues.get(known.topic, known.queueId);
      const beginsTooLate = queue.hasUnits && queue.firstFileOffset > known.minOffset;
      const whole = known.syncedOffset !== REBUILDING && !beginsTooLate;
      if (queue.maxOffset >= expected && whole) continue;
      lost.push(
        this.report(
          queue,
          `has ${queue.firstFileOffset}…${queue.maxOffset}, it had ${known.minOffset}…${expected}`,
        ),
      );
    }
    return lost;
  }

  private report(queue: ConsumeQueue, finding: string): ConsumeQueue {
    this.parts.logger.warn('consume queue is built anew from the commit log', {
      topic: queue.topic,
      queueId: queue.queueId,
      finding,
    });
    return queue;
  }

  private async scanStart(): Promise<number> {
    const { decision, parts } = this;
    if (decision.scanFrom !== undefined) return decision.scanFrom;
    if (decision.basis === 'queues') {
      let newest = parts.segments.minOffset;
      for (const queue of parts.queues) {
        newest = Math.max(newest, queue.lastUnitCommitLogOffset);
      }
      // The message that the queues know last must be there: it was written before its unit.
      this.decision = {
        ...decision,
        floorOffset: newest > parts.segments.minOffset ? newest + 1 : 0,
      };
      return newest;
    }
    return this.segmentBefore(safeTimestampMs(parts.checkpoint.found!));
  }

  /** Start of the newest file whose first message was stored at this time or before. */
  private async segmentBefore(timestampMs: number): Promise<number> {
    const { segments } = this.parts;
    for (const segment of [...segments.all].reverse()) {
      if ((await this.scanner.recordSizeAt(segment.startOffset)) === undefined) continue;
      const head = await readAt(segment, segment.startOffset, STORE_TIMESTAMP_END_MAX);
      const storedMs = storeTimestampOf(head, 0);
      if (storedMs > 0 && storedMs <= timestampMs) return segment.startOffset;
    }
    return segments.minOffset;
  }

  private async recoverIndex(scanFrom: number): Promise<number> {
    const { index, segments } = this.parts;
    if (!index) return Infinity;
    return index.recover({
      commitLogMinOffset: segments.minOffset,
      commitLogMaxOffset: segments.endOffset,
      trustedUpTo: scanFrom,
    });
  }

  /** Index entries that are missing in front of where the queues need anything. */
  private async indexBefore(indexFrom: number, scanFrom: number): Promise<void> {
    if (indexFrom >= scanFrom) return;
    this.parts.logger.warn('the index is built anew from the commit log', { indexFrom });
    const build = new QueueBuild(this.parts, { indexFrom, only: new Set() });
    await this.scanRange(Math.max(indexFrom, this.parts.segments.minOffset), scanFrom, build);
    await this.parts.index?.flush(true);
  }

  /** Scans from `scanFrom` to the end of the log, which it finds and, where needed, makes. */
  private async scanToEnd(scanFrom: number, build: QueueBuild): Promise<number> {
    let from = scanFrom;
    for (;;) {
      const end = await this.scan(from, Infinity, build);
      if (this.decision.basis === 'clean' && end.offset === this.decision.floorOffset) {
        // Nothing was written behind the end of an orderly stop; looking through the file would only cost time.
        if (end.reason === 'nothing' || end.reason === 'end-of-files') return end.offset;
      }
      const next = await this.settleEnd(end);
      if (next === undefined) return end.offset;
      from = next;
    }
  }

  /** @returns where the scan goes on behind damage that was bridged, or undefined where the log ends. */
  private async settleEnd(end: ScanEnd): Promise<number | undefined> {
    const { segments, settings } = this.parts;
    const behind = await lookBehind(segments, this.scanner, end.offset);
    const verdict = decideEnd({
      reachesFloor: this.reachesFloor(end.offset),
      recordBehind: behind.nextRecordOffset !== undefined,
      bytesBehind: behind.hasBytes,
      powerLossPossible: this.decision.powerLossPossible,
      repair: settings.repair,
    });
    if (verdict === 'end') return undefined;
    if (verdict === 'refuse') throw this.corruption(end, behind);
    if (verdict === 'repair-gap') return this.bridge(end.offset, behind.nextRecordOffset!);
    this.parts.logger.warn('commit log is cut at its last sound record', {
      offset: end.offset,
      reason: end.reason,
      verdict,
    });
    this.repaired ||= verdict === 'repair-cut';
    if (verdict !== 'cut') {
      await keepCopy(this.parts, segments, settings.rootPath, end.offset, segments.endOffset);
    }
    await cutLog(this.parts.disk, segments, settings.commitLogPath, end.offset);
    return undefined;
  }

  private reachesFloor(offset: number): boolean {
    if (offset < this.decision.floorOffset) return false;
    if (this.decision.basis !== 'checkpoint') return true;
    // Apache's checkpoint says of which time the last message is that was surely on disk.
    const { physicMsgTimestampMs } = this.parts.checkpoint.found!;
    return this.lastStoreTimestampMs >= physicMsgTimestampMs || this.scannedBytes === 0;
  }

  private corruption(end: ScanEnd, behind: Behind): CorruptionError {
    const { segments, settings } = this.parts;
    const segment = segments.find(end.offset);
    const next = behind.nextRecordOffset;
    const consequence =
      next === undefined
        ? `the log had reached ${this.decision.floorOffset}`
        : `sound messages follow from log offset ${next} on`;
    return new CorruptionError(
      segment?.file.path ?? settings.commitLogPath,
      segment ? end.offset - segment.startOffset : 0,
      `no sound message there (${end.reason}), but ${consequence}; ` +
        'restore the file, or start with repair to keep what is sound and give up what is not',
    );
  }

  private async bridge(fromOffset: number, nextRecordOffset: number): Promise<number> {
    const { segments, settings, logger } = this.parts;
    logger.error('damaged part of the commit log is given up', { fromOffset, nextRecordOffset });
    this.repaired = true;
    await keepCopy(this.parts, segments, settings.rootPath, fromOffset, nextRecordOffset);
    await bridgeGap(segments, fromOffset, nextRecordOffset, this.lastStoreTimestampMs);
    return fromOffset;
  }

  private scan(fromOffset: number, toOffset: number, build: QueueBuild): Promise<ScanEnd> {
    this.unitsWrittenAt = fromOffset;
    return this.scanner.scan(fromOffset, toOffset, (record) => this.take(record, build));
  }

  private take(record: ScannedRecord, build: QueueBuild): void | Promise<void> {
    build.take(record);
    this.scannedBytes += record.sizeBytes;
    this.lastStoreTimestampMs = record.storeTimestampMs;
    if (record.commitLogOffset - this.unitsWrittenAt < UNITS_WRITE_BYTES) return;
    this.unitsWrittenAt = record.commitLogOffset;
    return this.parts.flusher.writeDirty();
  }

  /** Scans a part of the log that must be whole. */
  private async scanRange(fromOffset: number, toOffset: number, build: QueueBuild): Promise<void> {
    const { settings, segments } = this.parts;
    let from = fromOffset;
    for (;;) {
      const end = await this.scan(from, toOffset, build);
      if (end.reason === 'limit' || end.offset >= toOffset) return;
      const behind = await lookBehind(segments, this.scanner, end.offset);
      if (!settings.repair || behind.nextRecordOffset === undefined)
        throw this.corruption(end, behind);
      from = await this.bridge(end.offset, behind.nextRecordOffset);
    }
  }

  /** Builds queues from the whole log. */
  private async rebuild(
    broken: ReadonlySet<ConsumeQueue>,
    logEndOffset: number,
    manifest: Manifest | undefined,
  ): Promise<ReadonlySet<ConsumeQueue>> {
    const { files, flusher, segments } = this.parts;
    if (broken.size === 0) return broken;
    const foundMax = new Map<ConsumeQueue, number>();
    for (const queue of broken) foundMax.set(queue, this.foundMaxOffsets.get(queue) ?? 0);
    for (const { topic, queueId, writtenOffset, syncedOffset } of manifest?.queues ?? []) {
      const trusted = this.decision.powerLossPossible && syncedOffset !== REBUILDING;
      const queue = this.parts.queues.peek(topic, queueId);
      if (queue) foundMax.set(queue, trusted ? syncedOffset : writtenOffset);
    }
    await this.announceRebuild(broken, foundMax);
    for (const queue of broken) {
      await files.removeQueue(queue);
      flusher.forget(queue);
      this.foundMaxOffsets.delete(queue);
      queue.clear(0);
    }
    const build = new QueueBuild(
      { ...this.parts, index: undefined },
      { indexFrom: Infinity, only: broken },
    );
    await this.scanRange(segments.minOffset, logEndOffset, build);
    build.finish();
    this.judgeGaps(build);
    for (const queue of broken) {
      const nextOffset = foundMax.get(queue) ?? 0;
      // A queue whose messages are all gone does not begin again at 0: an offset never stands for two messages (P4).
      if (!queue.hasUnits) queue.clear(nextOffset);
      else if (this.repaired) build.extendTo(queue, nextOffset);
    }
    return broken;
  }

  /**
   * Notes durably that the files of these queues count for nothing, before they are touched: a crash half way must not leave
   * files behind that look whole.
   */
  private async announceRebuild(
    broken: ReadonlySet<ConsumeQueue>,
    foundMax: ReadonlyMap<ConsumeQueue, number>,
  ): Promise<void> {
    const { disk, settings, queues, segments } = this.parts;
    for (const queue of broken) {
      queue.clear(foundMax.get(queue) ?? 0);
      queue.minOffset = queue.floorOffset;
      queue.rebuilding = true;
    }
    await writeManifest(disk, settings.rootPath, queues, {
      durable: true,
      logMinOffset: segments.minOffset,
    });
  }

  /** Messages that are missing between others: the log lost them, or their records say something wrong. */
  private judgeGaps({ gaps }: QueueBuild): void {
    const { segments, settings, logger } = this.parts;
    for (const { queue, fromQueueOffset, toQueueOffset, commitLogOffset } of gaps) {
      const segment = segments.find(commitLogOffset)!;
      const finding =
        `messages ${fromQueueOffset}…${toQueueOffset - 1} of queue ${queue.queueId} of ` +
        `${queue.topic} are missing in front of this one`;
      // Apache's broker leaves such gaps behind in some cases; only of our own log we know that there were none.
      if (this.decision.manifestCounts && !settings.repair) {
        throw new CorruptionError(
          segment.file.path,
          commitLogOffset - segment.startOffset,
          finding,
        );
      }
      logger.error('messages are missing in the commit log', { finding, commitLogOffset });
    }
  }

  /** Removes units of messages that are not in the log, and writes what was built. */
  private async finishQueues(
    logEndOffset: number,
    build: QueueBuild,
    rebuilt: ReadonlySet<ConsumeQueue>,
    manifest: Manifest | undefined,
  ): Promise<void> {
    const { disk, files, flusher, queues, segments } = this.parts;
    const synced = new Map<ConsumeQueue, number>();
    for (const known of manifest?.queues ?? []) {
      const queue = queues.peek(known.topic, known.queueId);
      if (queue) synced.set(queue, known.syncedOffset);
    }
    for (const queue of queues) {
      const foundMax = this.foundMaxOffsets.get(queue) ?? 0;
      if (queue.lastUnitCommitLogOffset >= logEndOffset) {
        queue.restoreMax(findEndOffset(disk, files, queue, logEndOffset));
      }
      if (queue.maxOffset < foundMax || this.decision.powerLossPossible) {
        await cutFiles(disk, files, queue, queue.writtenOffset);
        flusher.noteUnsynced(queue);
      }
      if (this.decision.basis !== 'clean') {
        // What an earlier life handed to the system and did not sync is still to be synced.
        queue.syncedOffset = Math.min(queue.syncedOffset, synced.get(queue) ?? 0);
        flusher.noteUnsynced(queue);
      }
    }
    await flusher.writeDirty();
    if (rebuilt.size > 0) {
      // From here on the files are believed again, so they must be on stable storage.
      await flusher.syncWritten();
      for (const queue of rebuilt) queue.rebuilding = false;
    }
    for (const queue of [...build.built, ...rebuilt]) {
      if (queue.firstFileOffset >= 0) {
        queue.minOffset = findMinOffset(disk, files, queue, segments.minOffset);
      }
    }
  }

  private result(
    logEndOffset: number,
    build: QueueBuild,
    rebuiltQueues: number,
    elapsedMs: number,
  ): Recovered {
    const { basis } = this.decision;
    const state = this.newestState;
    const scanned = build.mark(logEndOffset);
    const remembered =
      state && this.decision.manifestCounts
        ? { ...markAt(logEndOffset), ...lastMessageOf(state, logEndOffset) }
        : markAt(logEndOffset);
    const writtenMark = scanned.lastMessageOffset >= 0 ? scanned : remembered;
    // Units that this recovery wrote anew are not synced, wherever they lie.
    const syncedOffset =
      this.decision.manifestCounts && state ? Math.min(state.syncedUpTo, this.scannedFrom) : 0;
    const logFlushedOffset =
      basis === 'clean' ? logEndOffset : Math.max(syncedOffset, this.parts.segments.minOffset);
    return {
      basis,
      logEndOffset,
      logFlushedOffset: Math.min(logFlushedOffset, logEndOffset),
      writtenMark,
      syncedMark:
        basis === 'clean' || basis === 'empty' ? writtenMark : this.oldSyncedMark(logFlushedOffset),
      scannedBytes: this.scannedBytes,
      rebuiltQueues,
      elapsedMs,
    };
  }

  /** What the files say was synced before the start; nothing more is known until the next sync. */
  private oldSyncedMark(commitLogOffset: number): DispatchMark {
    const found = this.parts.checkpoint.found;
    return {
      commitLogOffset,
      lastMessageOffset: found?.logicsPhysicalOffset ?? -1,
      lastStoreTimestampMs: found
        ? Math.min(found.physicMsgTimestampMs, found.logicsMsgTimestampMs)
        : 0,
    };
  }
}

function lastMessageOf(
  state: SidecarState,
  logEndOffset: number,
): Partial<Pick<DispatchMark, 'lastMessageOffset' | 'lastStoreTimestampMs'>> {
  if (state.lastMessageOffset >= logEndOffset) return {};
  return {
    lastMessageOffset: state.lastMessageOffset,
    lastStoreTimestampMs: state.lastStoreTimestampMs,
  };
}
