import { checkRecord, isHiddenTransaction, RecordAt } from '@rocketmq-ts/protocol';
import { isFiller, LogScanner, readAt } from './commit-log/log-scanner.js';
import type { ScannedRecord } from './commit-log/record-facts.js';
import type { ConsumeQueue } from './consume-queue/consume-queue.js';
import { LIGHT_QUEUE_ID } from './light-queue/light-places.js';
import type { StoreParts } from './store-parts.js';

/** Findings after which it is clear enough that something is wrong. */
const FINDINGS_MAX = 50;

/**
 * Checks the invariants between log, queues and counters against the files, by reading all of the visible log.
 * @returns one sentence per finding
 */
export async function verifyStore(parts: StoreParts): Promise<string[]> {
  const findings: string[] = [];
  const add = (finding: string): void => {
    if (findings.length < FINDINGS_MAX) findings.push(finding);
  };
  checkOffsets(parts, add);
  const messages = await checkLog(parts, add);
  for (const queue of parts.queues) await checkQueue(parts, queue, messages.get(queue), add);
  return findings;
}

type Add = (finding: string) => void;

function checkOffsets(parts: StoreParts, add: Add): void {
  const { writer, sync, dispatcher, commitLog, segments, progress, settings } = parts;
  const written = writer.writtenOffset;
  if (commitLog.appendOffset < written) add('more was written than appended');
  if (sync.flushedOffset > written) add('more was synced than written');
  if (dispatcher.dispatchedOffset > written) add('more was dispatched than written');
  if (settings.flushMode === 'SYNC' && dispatcher.dispatchedOffset > sync.flushedOffset) {
    add('more is visible than synced (P9)');
  }
  if (progress.writtenUpTo > dispatcher.dispatchedOffset) add('progress ahead of dispatch');
  if (progress.syncedUpTo > sync.flushedOffset) add('progress ahead of the synced log');
  if (segments.minOffset > progress.syncedUpTo) add('log deleted above what is synced');
}

/** Queue offset → commit-log offset of all visible messages, by queue. */
type Messages = Map<ConsumeQueue, Map<number, number>>;

async function checkLog(parts: StoreParts, add: Add): Promise<Messages> {
  const { segments, queues, dispatcher, settings } = parts;
  const messages: Messages = new Map();
  const scanner = new LogScanner(segments, {
    withKeys: false,
    deliverTimestampMs: settings.deliverTimestampMs,
  });
  const visit = (record: ScannedRecord): void => {
    if (isFiller(record) || isHiddenTransaction(record.sysFlag)) return;
    note(record.topic, record.queueId, record.queueOffset, record);
    for (const { name, queueOffset } of record.lightPlaces ?? []) {
      note(name, LIGHT_QUEUE_ID, queueOffset, record);
    }
  };
  const note = (
    topic: string,
    queueId: number,
    queueOffset: number,
    { commitLogOffset }: ScannedRecord,
  ): void => {
    const queue = queues.find(topic, queueId);
    if (!queue) return;
    const known = messages.get(queue) ?? new Map<number, number>();
    messages.set(queue, known);
    if (known.has(queueOffset)) add(`${topic}/${queueId} has two messages at ${queueOffset} (P4)`);
    known.set(queueOffset, commitLogOffset);
  };
  const end = dispatcher.dispatchedOffset;
  const scanned = await scanner.scan(segments.minOffset, end, visit);
  if (scanned.offset < end) add(`log unreadable at ${scanned.offset}: ${scanned.reason}`);
  return messages;
}

async function checkQueue(
  parts: StoreParts,
  queue: ConsumeQueue,
  messages: ReadonlyMap<number, number> | undefined,
  add: Add,
): Promise<void> {
  const name = `${queue.topic}/${queue.queueId}`;
  const { minOffset, maxOffset, nextOffset, writtenOffset, memoryOffset } = queue;
  if (minOffset > maxOffset || maxOffset > nextOffset) {
    add(`${name} I2: ${minOffset} ≤ ${maxOffset} ≤ ${nextOffset} does not hold`);
  }
  if (writtenOffset < memoryOffset || writtenOffset > maxOffset) {
    add(`${name} I4: written ${writtenOffset} is outside ${memoryOffset}…${maxOffset}`);
  }
  let last = -1;
  for (let offset = minOffset; offset < maxOffset; offset++) {
    const unit = await parts.timeSearch.unitAt(queue, offset);
    if (!unit) {
      add(`${name} has no unit at ${offset} (I1)`);
      continue;
    }
    if (unit.commitLogOffset < last) add(`${name} goes back in the log at ${offset} (I3)`);
    last = unit.commitLogOffset;
    const expected = messages?.get(offset);
    if (expected !== undefined && expected !== unit.commitLogOffset) {
      add(`${name} ${offset} points to ${unit.commitLogOffset}, the message is at ${expected}`);
    }
    if (expected === undefined && !(await standsForLost(parts, unit.commitLogOffset))) {
      add(`${name} ${offset} points to ${unit.commitLogOffset}, no message of it is there`);
    }
  }
  for (const offset of messages?.keys() ?? []) {
    if (offset >= maxOffset && offset >= queue.floorOffset) {
      add(`${name} does not have the message at ${offset}`);
    }
  }
}

/** Units of lost messages lead to a sound record that is another one. */
async function standsForLost(parts: StoreParts, commitLogOffset: number): Promise<boolean> {
  const segment = parts.segments.find(commitLogOffset);
  if (!segment) return false;
  const head = await readAt(segment, commitLogOffset, RecordAt.BORN_HOST);
  const sizeBytes = head.length < RecordAt.BORN_HOST ? 0 : head.readInt32BE(0);
  if (sizeBytes <= 0 || sizeBytes > segment.endOffset - commitLogOffset) return false;
  const bytes = await readAt(segment, commitLogOffset, sizeBytes);
  return (
    typeof checkRecord(bytes, 0, bytes.length, { verifyBody: true, commitLogOffset }) === 'number'
  );
}
