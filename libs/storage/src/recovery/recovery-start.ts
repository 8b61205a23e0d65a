import { safeTimestampMs } from '../checkpoint.js';
import { decideStart, type StartDecision } from '../commit-log/commit-log.recovery.js';
import { readAt, type LogScanner } from '../commit-log/log-scanner.js';
import { STORE_TIMESTAMP_END_MAX, storeTimestampOf } from '../read/stored-record.js';
import type { SidecarState } from '../sidecar.js';
import type { RecoveryParts } from './recovery-parts.js';

/** Collects what tells where recovery begins. */
export class RecoveryStart {
  constructor(
    private readonly parts: RecoveryParts,
    private readonly scanner: LogScanner,
  ) {}

  /** The log's files are loaded. @throws system error */
  async decide(): Promise<StartDecision> {
    const { sidecar, checkpoint, segments, settings, abortPresent } = this.parts;
    const remembered = await this.remembersRecord(sidecar.found[0]);
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

  /**
   * Where the scan begins; the queues are loaded. The floor of the decision may rise: what the queues know must be there.
   * @throws system error
   */
  async place(decision: StartDecision): Promise<{ scanFrom: number; decision: StartDecision }> {
    const { parts } = this;
    if (decision.scanFrom !== undefined) return { scanFrom: decision.scanFrom, decision };
    if (decision.basis === 'checkpoint') {
      const timestampMs = safeTimestampMs(parts.checkpoint.found!);
      return { scanFrom: await this.segmentBefore(timestampMs), decision };
    }
    const minOffset = parts.segments.minOffset;
    let newest = minOffset;
    for (const queue of parts.queues) newest = Math.max(newest, queue.lastUnitCommitLogOffset);
    // The message that the queues know last must be there: it was written before its unit.
    const floorOffset = newest > minOffset ? newest + 1 : 0;
    return { scanFrom: newest, decision: { ...decision, floorOffset } };
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
}
