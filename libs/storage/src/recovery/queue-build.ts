import { javaHashCode, type Logger } from '@rocketmq-ts/kernel';
import { isHiddenTransaction } from '@rocketmq-ts/protocol';
import { isFiller } from '../commit-log/log-scanner.js';
import type { ScannedRecord } from '../commit-log/record-facts.js';
import type { ConsumeQueue } from '../consume-queue/consume-queue.js';
import { fillLost } from '../consume-queue/lost-units.js';
import { isDirectoryName } from '../consume-queue/queue-files.js';
import type { ConsumeQueues } from '../consume-queue/consume-queues.js';
import { isIndexed } from '../dispatcher.js';
import type { DispatchMark } from '../dispatch-mark.js';
import { LIGHT_QUEUE_ID } from '../light-queue/light-places.js';
import type { IndexSink } from '../message-store.types.js';

/** Places in a queue whose messages are not in the log although later ones are. */
export interface QueueGap {
  readonly queue: ConsumeQueue;
  readonly fromQueueOffset: number;
  readonly toQueueOffset: number;
  /** Where the next message of the queue lies. */
  readonly commitLogOffset: number;
}

/** A record that does not follow the last one of its queue; what comes next tells whether to believe it. */
interface Jump {
  readonly queueOffset: number;
  readonly commitLogOffset: number;
  readonly sizeBytes: number;
  readonly tagsCode: number;
}

/**
 * Builds queue units and index entries from scanned records, on top of what the files hold. The first record of a queue
 * decides where its units are written anew; so a scan may begin at any earlier place than needed.
 *
 * Invariants:
 *  I1  a queue that misses messages in between is not continued: it is reported as broken; built alone from the whole log
 *      (`only`) its missing messages keep their places and are reported as a gap;
 *  I2  an offset below a queue's `floorOffset` never comes back;
 *  I3  a queue without units begins where the scan finds it only if the scan has seen the whole log.
 */
export class QueueBuild {
  private readonly touched = new Set<ConsumeQueue>();
  private readonly lastRecords = new Map<
    ConsumeQueue,
    Pick<Jump, 'commitLogOffset' | 'sizeBytes'>
  >();
  private readonly jumps = new Map<ConsumeQueue, Jump>();
  private readonly only: ReadonlySet<ConsumeQueue> | undefined;
  private readonly indexFrom: number;
  private readonly beginsLate: boolean;
  /** Where the last record lies that a repair put in the place of lost ones. */
  private lastFillerOffset = -1;
  private lastMessageOffset = -1;
  private lastStoreTimestampMs = 0;
  private refusedNames = 0;
  /** Queues that a scan of the whole log must mend. */
  readonly broken: Set<ConsumeQueue>;
  readonly gaps: QueueGap[] = [];

  constructor(
    private readonly parts: {
      readonly queues: ConsumeQueues;
      readonly index: IndexSink | undefined;
      readonly logger: Logger;
    },
    options: {
      /** Messages from here on are put into the index. */
      readonly indexFrom: number;
      /** Build these queues alone, from nothing, from the whole log. */
      readonly only?: ReadonlySet<ConsumeQueue>;
      /** Queues that are known to be broken. */
      readonly broken?: Iterable<ConsumeQueue>;
      /** The scan begins behind the start of the log: what a queue has in front of it must be known already. */
      readonly beginsLate?: boolean;
    },
  ) {
    this.indexFrom = options.indexFrom;
    this.beginsLate = options.beginsLate ?? false;
    this.only = options.only;
    this.broken = new Set(options.broken);
  }

  /** How far it came, seen from `commitLogOffset`. */
  mark(commitLogOffset: number): DispatchMark {
    return {
      commitLogOffset,
      lastMessageOffset: this.lastMessageOffset,
      lastStoreTimestampMs: this.lastStoreTimestampMs,
    };
  }

  /** Queues that got units. */
  get built(): ReadonlySet<ConsumeQueue> {
    return this.touched;
  }

  take(record: ScannedRecord): void {
    if (isFiller(record)) {
      this.lastFillerOffset = record.commitLogOffset;
      return;
    }
    this.lastMessageOffset = record.commitLogOffset;
    this.lastStoreTimestampMs = record.storeTimestampMs;
    if (!isHiddenTransaction(record.sysFlag)) {
      this.takeUnit(record);
      for (const { name, queueOffset } of record.lightPlaces ?? []) {
        this.takeUnit({ ...record, topic: name, queueId: LIGHT_QUEUE_ID, queueOffset });
      }
    }
    const { index } = this.parts;
    if (index && record.commitLogOffset >= this.indexFrom && isIndexed(record.sysFlag)) {
      const { commitLogOffset, storeTimestampMs } = record;
      index.put(record, javaHashCode(record.topic), commitLogOffset, storeTimestampMs);
    }
  }

  /** The log ends: records that were kept back are believed. */
  finish(): void {
    for (const [queue, jump] of this.jumps) this.addJump(queue, jump);
    this.jumps.clear();
  }

  /** The queue's last messages were given up: their places are kept, and stand for the last one that is left. */
  extendTo(queue: ConsumeQueue, queueOffset: number): void {
    const last = this.lastRecords.get(queue);
    if (!last) return;
    while (queue.maxOffset < queueOffset) {
      queue.addLost(queue.maxOffset, last.commitLogOffset, last.sizeBytes);
    }
    this.parts.queues.markDirty(queue);
  }

  private takeUnit(record: ScannedRecord): void {
    const { queueOffset } = record;
    if (!isDirectoryName(record.topic) || record.queueId < 0) {
      this.refuseName(record);
      return;
    }
    const known = this.parts.queues.peek(record.topic, record.queueId);
    if (known && queueOffset < known.floorOffset) return;
    const queue = this.parts.queues.get(record.topic, record.queueId);
    if (this.broken.has(queue) || (this.only && !this.only.has(queue))) return;
    if (!this.touched.has(queue)) {
      if (!this.begin(queue, queueOffset)) return;
      this.touched.add(queue);
    }
    // The topic was removed and made anew by Apache's broker, which counts from 0 again.
    if (queueOffset === 0 && queue.maxOffset > 0) queue.rewind(0, queue.lastUnitCommitLogOffset);
    // Of two records for one place the first counts, as in Apache's broker.
    if (queueOffset < queue.maxOffset) return;
    if (queueOffset > queue.maxOffset && queue.hasUnits) this.takeJump(queue, record);
    else this.add(queue, record);
  }

  private add(queue: ConsumeQueue, jump: Jump): void {
    queue.add(jump.queueOffset, jump.commitLogOffset, jump.sizeBytes, jump.tagsCode);
    if (this.only) {
      const { commitLogOffset, sizeBytes } = jump;
      this.lastRecords.set(queue, { commitLogOffset, sizeBytes });
    }
    this.parts.queues.markDirty(queue);
  }

  /** @returns whether the queue can go on at this offset. */
  private begin(queue: ConsumeQueue, queueOffset: number): boolean {
    if (!queue.hasUnits) {
      // Written on, its lost units would become blanks: its first messages would never be seen again.
      if (!this.beginsLate || queueOffset <= queue.maxOffset) return true;
      this.broken.add(queue);
      return false;
    }
    if (queueOffset >= queue.firstFileOffset && queueOffset <= queue.maxOffset) {
      queue.rewind(queueOffset, -1);
      return true;
    }
    if (queueOffset > queue.maxOffset && this.lastFillerOffset > queue.lastUnitCommitLogOffset) {
      return true;
    }
    this.broken.add(queue);
    return false;
  }

  private takeJump(queue: ConsumeQueue, record: ScannedRecord): void {
    if (this.lastFillerOffset > queue.lastUnitCommitLogOffset) {
      // The missing ones were given up by a repair: nothing new.
      this.fillTo(queue, record);
      this.add(queue, record);
      return;
    }
    if (!this.only) {
      this.broken.add(queue);
      return;
    }
    const jump = this.jumps.get(queue);
    this.jumps.delete(queue);
    if (jump && record.queueOffset === jump.queueOffset + 1) {
      this.addJump(queue, jump);
      this.add(queue, record);
    } else if (jump && record.queueOffset === queue.maxOffset + 1) {
      // The record kept back is the missing one, with a wrong offset in it: it cannot be served.
      this.noteGap(queue, record);
      this.fillTo(queue, record);
      this.add(queue, record);
    } else {
      const { queueOffset, commitLogOffset, sizeBytes, tagsCode } = record;
      this.jumps.set(queue, { queueOffset, commitLogOffset, sizeBytes, tagsCode });
    }
  }

  private addJump(queue: ConsumeQueue, jump: Jump): void {
    if (jump.queueOffset > queue.maxOffset) {
      this.noteGap(queue, jump);
      this.fillTo(queue, jump);
    }
    if (
      jump.queueOffset === queue.maxOffset &&
      jump.commitLogOffset > queue.lastUnitCommitLogOffset
    ) {
      this.add(queue, jump);
    }
  }

  private noteGap(queue: ConsumeQueue, next: Jump): void {
    this.gaps.push({
      queue,
      fromQueueOffset: queue.maxOffset,
      toQueueOffset: next.queueOffset,
      commitLogOffset: next.commitLogOffset,
    });
  }

  private fillTo(queue: ConsumeQueue, next: Jump): void {
    fillLost(queue, next.queueOffset, next);
    this.parts.queues.markDirty(queue);
  }

  private refuseName(record: ScannedRecord): void {
    this.refusedNames++;
    if (this.refusedNames > 1) return;
    this.parts.logger.error('message with an impossible topic or queue, left out of the queues', {
      topic: record.topic.slice(0, 64),
      queueId: record.queueId,
      commitLogOffset: record.commitLogOffset,
    });
  }
}
