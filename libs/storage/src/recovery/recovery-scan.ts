import { MIB } from '@rocketmq-ts/kernel';
import { decideEnd, type StartDecision } from '../commit-log/commit-log.recovery.js';
import { bridgeGap, cutLog, keepCopy } from '../commit-log/log-repair.js';
import type { LogScanner, ScanEnd } from '../commit-log/log-scanner.js';
import type { ScannedRecord } from '../commit-log/record-facts.js';
import { lookBehind, type Behind } from '../commit-log/log-search.js';
import { CorruptionError } from '../store-errors.js';
import type { QueueBuild } from './queue-build.js';
import type { RecoveryParts } from './recovery-parts.js';

/** Log scanned between two writes of queue units: bounds the memory that a long scan takes. */
const UNITS_WRITE_BYTES = 256 * MIB;

/** Scans the log during recovery and decides at each place that is not sound: torn tail, damage, or something to bridge. */
export class RecoveryScan {
  private lastStoreTimestampMs = 0;
  private unitsWrittenAt = 0;
  scannedBytes = 0;
  /** Something of the log was given up. */
  repaired = false;

  constructor(
    private readonly parts: RecoveryParts,
    private readonly scanner: LogScanner,
    private readonly decision: StartDecision,
  ) {}

  /** Scans from `scanFrom` to the end of the log, which it finds and, where needed, makes. @throws {CorruptionError} */
  async toEnd(scanFrom: number, build: QueueBuild): Promise<number> {
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

  /** Scans a part of the log that must be whole. @throws {CorruptionError} */
  async range(fromOffset: number, toOffset: number, build: QueueBuild): Promise<void> {
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
}
