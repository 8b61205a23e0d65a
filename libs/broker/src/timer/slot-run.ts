import { TimerMagic } from '@rocketmq-ts/storage';
import type { TimerUnit } from '@rocketmq-ts/storage';

/** A waiting message of a slot that is being delivered. */
export interface RunUnit {
  readonly unit: TimerUnit;
  readonly dueMs: number;
  /** Its record: absent until it is read; `GONE` where there is none. */
  record: Buffer | 'GONE' | undefined;
  reading: boolean;
}

/** A wish to call a message back, or several for the same one. */
interface Recall {
  readonly topic: string;
  count: number;
  metCount: number;
}

/** Whether a unit stands for a message that calls another one back, and has reached the slot of that one. */
export const deletes = ({ magic }: TimerUnit): boolean =>
  (magic & TimerMagic.DELETE) !== 0 && (magic & TimerMagic.ROLL) === 0;

/**
 * The messages of one slot on their way out, in the order in which they are due.
 *
 * Invariants:
 *  I1  units before `next` were handed out, those from there on wait;
 *  I2  a run is settled when it is loaded, nothing waits, nothing is under way and all recalls are known.
 */
export class SlotRun {
  /** In the order in which they are due. */
  readonly waiting: RunUnit[] = [];
  /** First unit that was not handed out. */
  next = 0;
  /** First unit whose record was not asked for. */
  nextToRead = 0;
  underWay = 0;
  loaded = false;
  /** Recalls whose keys are being read; nothing is handed out meanwhile. */
  openRecalls = 0;
  /** All recalls of the slot. */
  readonly recalls: TimerUnit[] = [];
  /** First recall whose key was not asked for. */
  nextRecall = 0;
  private readonly recallsByKey = new Map<string, Recall>();
  /** Units that have to roll and are not stored anew yet. */
  rollsLeft = 0;
  /** Something of this slot left the timer. */
  begun = false;
  private readonly known: Set<number> | undefined;

  /** @param mayRepeat whether one message may have been noted twice */
  constructor(
    readonly timeMs: number,
    private readonly precisionMs: number,
    mayRepeat: boolean,
  ) {
    this.known = mayRepeat ? new Set() : undefined;
  }

  get waitingCount(): number {
    return this.waiting.length - this.next;
  }

  get settled(): boolean {
    const known = this.openRecalls === 0 && this.nextRecall === this.recalls.length;
    return this.loaded && this.waitingCount === 0 && this.underWay === 0 && known;
  }

  get firstDueMs(): number | undefined {
    return this.waiting[this.next]?.dueMs;
  }

  /** Takes the units that the log had. @returns how many were there before */
  load(units: readonly TimerUnit[]): number {
    let repeated = 0;
    const later = this.waiting.splice(0);
    for (const unit of units) if (!this.take(unit)) repeated++;
    for (const waiting of later) {
      if (this.known?.has(waiting.unit.commitLogOffset)) {
        repeated++;
        if ((waiting.unit.magic & TimerMagic.ROLL) !== 0) this.rollsLeft--;
      } else this.waiting.push(waiting);
      this.known?.add(waiting.unit.commitLogOffset);
    }
    this.waiting.sort((one, other) => one.dueMs - other.dueMs);
    this.loaded = true;
    return repeated;
  }

  /** A unit was noted for this slot. @returns false where it was there before */
  add(unit: TimerUnit): boolean {
    if (!this.loaded) {
      if (deletes(unit)) this.recalls.push(unit);
      else this.waiting.push(this.runUnit(unit));
      return true;
    }
    if (!this.take(unit)) return false;
    // Usually the last one, or near it: what comes now is due later than most.
    let at = this.waiting.length - 1;
    const added = this.waiting[at];
    if (deletes(unit) || added === undefined) return true;
    for (; at > this.next && this.waiting[at - 1]!.dueMs > added.dueMs; at--)
      this.waiting[at] = this.waiting[at - 1]!;
    this.waiting[at] = added;
    this.nextToRead = Math.min(this.nextToRead, at);
    return true;
  }

  addRecall(key: string, topic: string): void {
    const known = this.recallsByKey.get(key);
    if (known) known.count++;
    else this.recallsByKey.set(key, { topic, count: 1, metCount: 0 });
  }

  /**
   * Whether one of these keys was called back. `AGAIN`: more messages have this key than recalls, which a crash while they
   * rolled can bring about.
   */
  meets(keys: readonly string[]): 'NO' | 'FIRST' | 'AGAIN' {
    if (this.recallsByKey.size === 0) return 'NO';
    const recall = keys.map((key) => this.recallsByKey.get(key)).find((known) => known);
    if (recall === undefined) return 'NO';
    recall.metCount++;
    return recall.metCount <= recall.count ? 'FIRST' : 'AGAIN';
  }

  /** Recalls that came too late, or twice: how many per topic. */
  *unmetRecalls(): Iterable<[string, number]> {
    for (const { topic, count, metCount } of this.recallsByKey.values()) {
      const unmet = count - metCount;
      if (unmet > 0) yield [topic, unmet];
    }
  }

  /** Forgets units that were handed out, so that a long slot does not keep them. */
  compact(): void {
    if (this.next < 4_096) return;
    this.waiting.splice(0, this.next);
    this.nextToRead = Math.max(0, this.nextToRead - this.next);
    this.next = 0;
  }

  private take(unit: TimerUnit): boolean {
    if (this.known?.has(unit.commitLogOffset)) return false;
    this.known?.add(unit.commitLogOffset);
    if (deletes(unit)) this.recalls.push(unit);
    else this.waiting.push(this.runUnit(unit));
    return true;
  }

  private runUnit(unit: TimerUnit): RunUnit {
    // Apache's broker notes no time within the slot: it is due when the slot is over.
    const rolls = (unit.magic & TimerMagic.ROLL) !== 0;
    if (rolls) this.rollsLeft++;
    const dueMs = unit.dueMs > 0 ? unit.dueMs : this.timeMs + (rolls ? 0 : this.precisionMs);
    return { unit, dueMs, record: undefined, reading: false };
  }
}
