import type { Disk } from '@rocketmq-ts/kernel';
import {
  decodeTimerCheckpoint,
  type TimerCheckpoint,
  TimerCheckpointFile,
} from './timer-checkpoint.js';
import type { TimerLog } from './timer-log.js';
import {
  planTimerRecovery,
  type FoundCheckpoint,
  type FoundSnapshot,
  type TimerRecoveryPlan,
} from './timer-recovery.js';
import { decodeTimerSnapshot, type TimerSnapshot } from './timer-snapshot.js';
import { TIMER_UNIT_BYTES, TimerMagic, type TimerUnit } from './timer-unit.js';
import { TimerWheel } from './timer-wheel.js';

/** Where the timer's files are. */
export interface TimerPaths {
  readonly log: string;
  readonly wheel: string;
  readonly snapshot: string;
  readonly checkpoint: string;
  readonly checkpointBackup: string;
}

export const timerPaths = (rootPath: string): TimerPaths => ({
  log: `${rootPath}/timerlog`,
  wheel: `${rootPath}/timerwheel`,
  snapshot: `${rootPath}/rocketmq-ts.timerwheel`,
  checkpoint: `${rootPath}/config/timercheck`,
  checkpointBackup: `${rootPath}/config/rocketmq-ts.timercheck`,
});

/** What is known of messages that are noted a second time. */
export interface TimerRebuild {
  /** Messages of the timer topic below this queue offset had been noted; those due before `deliveredBeforeMs` are out. */
  readonly notedBelowQueueOffset: number;
  readonly deliveredBeforeMs: number;
}

/** The timer's state as its files gave it. */
export interface RecoveredTimer {
  readonly wheel: TimerWheel;
  readonly plan: TimerRecoveryPlan;
  readonly checkpoint: TimerCheckpoint | undefined;
  readonly readTimeMs: number;
  /** Where to go on in the timer topic; undefined: at its start. */
  readonly queueOffset: number | undefined;
  /** Set where everything is to be noted again. */
  readonly rebuild: TimerRebuild | undefined;
}

interface OpeningParts {
  readonly disk: Disk;
  readonly checkpointFile: TimerCheckpointFile;
  readonly paths: TimerPaths;
  readonly log: TimerLog;
  readonly precisionMs: number;
  readonly slotCount: number;
  /** The earliest slot that the wheel can hold beside those still to come. */
  readonly oldestTimeMs: number;
  /** Lets other work have its turn. */
  readonly pause: () => Promise<void>;
}

/** Reads what there is, decides and builds the wheel. The log is cut where it ends. @throws system error */
export async function recoverTimer(parts: OpeningParts): Promise<RecoveredTimer> {
  const { log, oldestTimeMs } = parts;
  const { checkpoint, found } = await findCheckpoint(parts);
  const { snapshot, state } = await findSnapshot(parts, checkpoint, found);
  const attempt = await replay(parts, checkpoint, found, snapshot);
  const plan = planTimerRecovery({
    checkpoint: found,
    log: attempt === undefined ? 'SHORT' : 'REACHES',
    snapshot: state,
  });
  const known = plan.readTime === 'CHECKPOINT' ? checkpoint!.lastReadTimeMs : oldestTimeMs;
  // What lies further back than the wheel reaches is delivered from its first slot.
  const readTimeMs = Math.max(known - (known % parts.precisionMs), oldestTimeMs);
  if (plan.wheelFrom === 'QUEUE' || attempt === undefined) {
    const rebuild = checkpoint && (await startRebuild(parts.checkpointFile, checkpoint));
    await parts.disk.remove(parts.paths.snapshot);
    await log.truncate(0);
    const wheel = new TimerWheel(parts.precisionMs, parts.slotCount);
    return { wheel, plan, checkpoint, readTimeMs, queueOffset: undefined, rebuild };
  }
  await log.truncate(attempt.endPosition);
  const queueOffset = checkpoint!.lastTimerQueueOffset;
  const { wheel } = attempt;
  return { wheel, plan, checkpoint, readTimeMs, queueOffset, rebuild: undefined };
}

/** No log reaches up to here. */
const LOST_LOG_POSITION = 2 ** 52;

/**
 * Writes down that the log is lost, before it goes: a crash while a new one grows must not find it beside a checkpoint that
 * belongs to the old one.
 */
export async function startRebuild(
  file: TimerCheckpointFile,
  checkpoint: TimerCheckpoint,
): Promise<TimerRebuild> {
  await file.write({ ...checkpoint, lastTimerLogFlushPosition: LOST_LOG_POSITION });
  return {
    notedBelowQueueOffset: checkpoint.lastTimerQueueOffset,
    deliveredBeforeMs: checkpoint.lastReadTimeMs,
  };
}

/**
 * A slave notes how far the timer of its master is. It has no timer log: a timer that starts from this reads its topic
 * again, and passes what was delivered. @throws system error
 */
export async function saveCopiedCheckpoint(
  disk: Disk,
  rootPath: string,
  checkpoint: TimerCheckpoint,
): Promise<void> {
  const paths = timerPaths(rootPath);
  await disk.makeDirectory(paths.checkpoint.slice(0, paths.checkpoint.lastIndexOf('/')));
  const file = new TimerCheckpointFile(disk, paths.checkpoint);
  await startRebuild(file, checkpoint);
  await file.close();
}

async function findCheckpoint({ disk, paths }: OpeningParts): Promise<{
  checkpoint: TimerCheckpoint | undefined;
  found: FoundCheckpoint;
}> {
  const bytes = await disk.readFile(paths.checkpoint);
  const main = bytes && decodeTimerCheckpoint(bytes);
  if (main) return { checkpoint: main.checkpoint, found: main.writer };
  const kept = await disk.readFile(paths.checkpointBackup);
  const backup = kept && decodeTimerCheckpoint(kept);
  // Only a backup of our own is known to belong to a synced log.
  return backup?.writer === 'OURS'
    ? { checkpoint: backup.checkpoint, found: 'BACKUP' }
    : { checkpoint: undefined, found: 'NONE' };
}

async function findSnapshot(
  { disk, paths, log, precisionMs, slotCount }: OpeningParts,
  checkpoint: TimerCheckpoint | undefined,
  found: FoundCheckpoint,
): Promise<{ snapshot: TimerSnapshot | undefined; state: FoundSnapshot }> {
  const none = { snapshot: undefined, state: 'NONE' as const };
  const bytes = await disk.readFile(paths.snapshot);
  const snapshot = bytes && decodeTimerSnapshot(bytes);
  if (!snapshot || !checkpoint) return none;
  if (snapshot.precisionMs !== precisionMs || snapshot.slotCount !== slotCount)
    return { snapshot: undefined, state: 'OTHER_PRECISION' };
  const { logPosition, lastUnit } = snapshot;
  const logEnd = found === 'APACHE' ? log.endPosition : checkpoint.lastTimerLogFlushPosition;
  if (logPosition > logEnd || logPosition < log.startPosition) return none;
  if (logPosition >= TIMER_UNIT_BYTES) {
    const there = Buffer.alloc(TIMER_UNIT_BYTES);
    const read = await log.read(logPosition - TIMER_UNIT_BYTES, there);
    if (!read || !there.equals(lastUnit)) return none;
  }
  return { snapshot, state: 'FITS' };
}

/** Builds the wheel from the log; undefined where the log does not hold what it must. */
async function replay(
  { log, precisionMs, slotCount, oldestTimeMs, pause }: OpeningParts,
  checkpoint: TimerCheckpoint | undefined,
  found: FoundCheckpoint,
  snapshot: TimerSnapshot | undefined,
): Promise<{ wheel: TimerWheel; endPosition: number } | undefined> {
  if (checkpoint === undefined) return undefined;
  const neededEnd = checkpoint.lastTimerLogFlushPosition;
  const readTimeMs = checkpoint.lastReadTimeMs - (checkpoint.lastReadTimeMs % precisionMs);
  // A stop longer than the wheel is: two times could want one slot.
  if (log.endPosition < neededEnd || readTimeMs < oldestTimeMs) return undefined;
  const wheel = new TimerWheel(precisionMs, slotCount);
  snapshot?.fill(wheel, readTimeMs);
  const state = { consistent: true };
  const visit = (unit: TimerUnit, position: number): void => {
    const slotTimeMs = unit.slotTimeMs - (unit.slotTimeMs % precisionMs);
    if (slotTimeMs < readTimeMs) return;
    const before = wheel.lastPositionOf(slotTimeMs);
    if (unit.previousPosition !== before) state.consistent = false;
    wheel.add(slotTimeMs, position, (unit.magic & TimerMagic.DELETE) === 0 ? 1 : -1);
  };
  const from = snapshot?.logPosition ?? log.startPosition;
  const until = found === 'APACHE' ? log.endPosition : neededEnd;
  const endPosition = await log.scan(from, until, visit, pause);
  return state.consistent && endPosition >= neededEnd ? { wheel, endPosition } : undefined;
}
