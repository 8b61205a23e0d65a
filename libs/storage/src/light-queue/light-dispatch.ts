import { isHiddenTransaction, PropertyName } from '@rocketmq-ts/protocol';
import type { AppendEntry } from '../append-entry.js';
import type { ConsumeQueue } from '../consume-queue/consume-queue.js';
import type { ConsumeQueues } from '../consume-queue/consume-queues.js';
import { LightQueueLimitError } from '../store-errors.js';
import {
  isLightQueue,
  LIGHT_QUEUE_ID,
  lightNames,
  mayBeLight,
  offsetsText,
} from './light-places.js';

/** Settings of light queues; read anew for each message that names some. */
export interface LightQueueSettings {
  /** Whether messages are put into light queues at all. */
  readonly enabled: boolean;
  /** Most light queues of the store. */
  readonly countMax: number;
}

const OFFSETS_NAME = Buffer.from(PropertyName.INNER_MULTI_QUEUE_OFFSET);
const VALUE_END = 0x02;
const NAME_END = 0x01;

/**
 * Gives messages their places in light queues, before they are appended: the offsets become a property, so that the
 * queues can be built from the log alone.
 *
 * Invariant I1: a stored record has the property with the offsets exactly if the store itself gave them out; what a
 * client sends under that name is taken out.
 *
 * Source: rocketmq 5.5.0 `LmqDispatch#wrapLmqDispatch`, `#updateLmqOffsets`.
 */
export class LightDispatch {
  /** Counted anew when queues were made or removed. */
  private countedVersion = -1;
  private lightCount = 0;

  constructor(
    private readonly queues: ConsumeQueues,
    private readonly settings: LightQueueSettings,
  ) {}

  /**
   * Prepares what names light queues among entries that are appended together.
   * @throws {LightQueueLimitError} one of them would need one more queue than the store may have; none has a place.
   */
  prepareAll(entries: readonly AppendEntry[]): void {
    let prepared = 0;
    try {
      for (; prepared < entries.length; prepared++) {
        const entry = entries[prepared]!;
        if (entry.multiDispatch !== undefined) this.prepare(entry, entry.multiDispatch);
      }
    } catch (error) {
      this.takeBack(entries.slice(0, prepared));
      throw error;
    }
  }

  /**
   * Called for entries whose `multiDispatch` is set. Replaces their properties and notes their queues.
   * @throws {LightQueueLimitError} the message would need one more queue than the store may have.
   */
  prepare(entry: AppendEntry, namesText: string): void {
    const { propertiesBytes, propertiesStart, propertiesEnd } = entry;
    const kept = withoutOffsets(propertiesBytes, propertiesStart, propertiesEnd);
    const offsets = this.assign(entry, namesText);
    const added =
      offsets === undefined
        ? undefined
        : Buffer.from(`${PropertyName.INNER_MULTI_QUEUE_OFFSET}\u0001${offsets}\u0002`);
    const bytes = added ? Buffer.concat([...kept, added]) : Buffer.concat(kept);
    entry.propertiesBytes = bytes;
    entry.propertiesStart = 0;
    entry.propertiesEnd = bytes.length;
  }

  /** The entries were not appended after all: nobody else has been given places meanwhile. */
  takeBack(entries: readonly AppendEntry[]): void {
    for (const entry of entries) {
      for (const { queue } of entry.lightUnits ?? []) queue.nextOffset--;
      entry.lightUnits = undefined;
    }
  }

  private assign(entry: AppendEntry, namesText: string): string | undefined {
    entry.lightUnits = undefined;
    if (!this.settings.enabled || isHiddenTransaction(entry.sysFlag)) return undefined;
    if (!mayBeLight(entry.queue.topic)) return undefined;
    const queues = lightNames(namesText).map((name) =>
      name === undefined || name === entry.queue.topic ? undefined : this.queueOf(name),
    );
    const units = queues.filter((queue): queue is ConsumeQueue => queue !== undefined);
    if (units.length === 0) return undefined;
    const offsets = offsetsText(queues.map((queue) => queue?.nextOffset));
    entry.lightUnits = units.map((queue) => ({ queue, queueOffset: queue.nextOffset++ }));
    return offsets;
  }

  /** Whether there is a light queue of this name, or there may be one. */
  admits(name: string): boolean {
    if (!this.settings.enabled || lightNames(name)[0] !== name) return false;
    if (this.queues.find(name, LIGHT_QUEUE_ID)) return true;
    return this.count() < this.settings.countMax;
  }

  private queueOf(name: string): ConsumeQueue {
    const known = this.queues.find(name, LIGHT_QUEUE_ID);
    if (known) return known;
    const { countMax } = this.settings;
    if (this.count() >= countMax) throw new LightQueueLimitError(countMax);
    return this.queues.get(name, LIGHT_QUEUE_ID);
  }

  private count(): number {
    const { membershipVersion } = this.queues;
    if (this.countedVersion !== membershipVersion) {
      this.lightCount = this.queues.topics().filter(isLightQueue).length;
      this.countedVersion = membershipVersion;
    }
    return this.lightCount;
  }
}

/** The properties without those offsets that a client, or an earlier life of the message, put in; each ends in 0x02. */
function withoutOffsets(bytes: Buffer, start: number, end: number): Buffer[] {
  const kept: Buffer[] = [];
  let at = start;
  while (at < end) {
    const found = bytes.indexOf(VALUE_END, at);
    const pieceEnd = found < 0 || found >= end ? end : found;
    const nameEnd = at + OFFSETS_NAME.length;
    const isOffsets =
      nameEnd < pieceEnd &&
      bytes[nameEnd] === NAME_END &&
      bytes.compare(OFFSETS_NAME, 0, OFFSETS_NAME.length, at, nameEnd) === 0;
    if (!isOffsets) kept.push(bytes.subarray(at, pieceEnd), PIECE_END);
    at = pieceEnd + 1;
  }
  return kept;
}

const PIECE_END = Buffer.from([VALUE_END]);
