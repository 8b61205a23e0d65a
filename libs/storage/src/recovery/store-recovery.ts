import type { StartDecision } from '../commit-log/commit-log.recovery.js';
import { LogScanner } from '../commit-log/log-scanner.js';
import { loadSegments } from '../commit-log/segment-load.js';
import type { ConsumeQueue } from '../consume-queue/consume-queue.js';
import {
  cutFiles,
  findEndOffset,
  findMinOffset,
  loadListedQueues,
  loadQueues,
} from '../consume-queue/consume-queue.recovery.js';
import { readManifest, REBUILDING, type Manifest } from '../consume-queue/queue-manifest.js';
import { markAt, type DispatchMark } from '../dispatch-mark.js';
import type { SidecarState } from '../sidecar.js';
import { QueueBuild } from './queue-build.js';
import { QueueRebuild } from './queue-rebuild.js';
import type { Recovered, RecoveryParts } from './recovery-parts.js';
import { RecoveryScan } from './recovery-scan.js';
import { RecoveryStart } from './recovery-start.js';

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
  private scan!: RecoveryScan;
  private scannedFrom = 0;
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
    const { segments, queues, settings, clock, logger } = this.parts;
    const startedMs = clock.monotonicMs();
    await loadSegments(this.parts, segments, {
      directory: settings.commitLogPath,
      segmentSizeBytes: settings.segmentSizeBytes,
      sizeIsKnown: this.newestState?.segmentSizeBytes === settings.segmentSizeBytes,
      repair: settings.repair,
    });
    const start = new RecoveryStart(this.parts, this.scanner);
    this.decision = await start.decide();
    // An old list does no harm: a queue that has less than it says is built from the log, which is always right.
    const manifest = await readManifest(this.parts.disk, settings.rootPath);
    const broken = await this.loadQueues(manifest);
    const begin = await start.place(this.decision);
    this.decision = begin.decision;
    // Without the list nothing says which queues may have been lost: all are built anew.
    const listLost = manifest === undefined && this.decision.manifestCounts;
    this.scannedFrom = listLost ? segments.minOffset : begin.scanFrom;
    logger.debug('start of recovery decided', { ...this.decision, scanFrom: this.scannedFrom });
    this.scan = new RecoveryScan(this.parts, this.scanner, this.decision);
    const indexFrom = await this.recoverIndex();
    const beginsLate = this.scannedFrom > segments.minOffset;
    const build = new QueueBuild(this.parts, { indexFrom, broken, beginsLate });
    const logEndOffset = await this.scan.toEnd(this.scannedFrom, build);
    // Units may point into what was given up: with a repair all queues are built from what is left.
    const toRebuild = this.scan.repaired ? new Set(queues) : build.broken;
    const rebuild = new QueueRebuild(this.parts, this.scan, this.decision, this.foundMaxOffsets);
    await rebuild.run(toRebuild, logEndOffset, manifest);
    for (const queue of toRebuild) this.foundMaxOffsets.delete(queue);
    await this.finishQueues(logEndOffset, build, toRebuild, manifest);
    // The mark that the store begins with claims these entries, too: the next end of the process may come before a flush.
    await this.parts.index?.flush(false);
    return this.result(logEndOffset, build, toRebuild.size, clock.monotonicMs() - startedMs);
  }

  private get newestState(): SidecarState | undefined {
    return this.parts.sidecar.found[0];
  }

  /** Finds the queues and how far each goes. @returns those whose files cannot be used */
  private async loadQueues(manifest: Manifest | undefined): Promise<Set<ConsumeQueue>> {
    const { disk, files, queues, segments } = this.parts;
    const bounds = { minOffset: segments.minOffset, endOffset: segments.endOffset };
    // Our own list is as good as a look at every file; in 8 000 directories that is seconds against milliseconds.
    const found =
      manifest !== undefined && this.decision.manifestCounts
        ? await loadListedQueues(disk, files, queues, bounds, manifest)
        : await loadQueues(disk, files, queues, bounds);
    for (const queue of queues) this.foundMaxOffsets.set(queue, queue.maxOffset);
    const broken = new Set(
      found.map(({ topic, queueId, finding }) => this.report(queues.get(topic, queueId), finding)),
    );
    for (const queue of this.lostQueues(manifest)) broken.add(queue);
    return broken;
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

  /** @returns where entries are missing from on, not before the scan begins: what is missing in front is put at once. */
  private async recoverIndex(): Promise<number> {
    const { index, segments, logger } = this.parts;
    if (!index) return Infinity;
    const scanFrom = this.scannedFrom;
    const indexFrom = await index.recover({
      commitLogMinOffset: segments.minOffset,
      commitLogMaxOffset: segments.endOffset,
      trustedUpTo: scanFrom,
    });
    if (indexFrom >= scanFrom) return indexFrom;
    logger.warn('the index is built anew from the commit log', { indexFrom });
    const build = new QueueBuild(this.parts, { indexFrom, only: new Set() });
    await this.scan.range(Math.max(indexFrom, segments.minOffset), scanFrom, build);
    await index.flush(true);
    return scanFrom;
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
      scannedBytes: this.scan.scannedBytes,
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
