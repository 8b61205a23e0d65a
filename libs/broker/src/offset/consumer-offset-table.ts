import type { Clock } from '@rocketmq-ts/kernel';
import { initialVersion, nextVersion } from '../metadata/data-version.js';
import type { ConsumerOffsetWrapper, DataVersion } from '@rocketmq-ts/protocol';

const SEPARATOR = '@';

/** Commits after which the version of the table moves on. Source: rocketmq 5.x `consumerOffsetUpdateVersionStep`. */
const VERSION_STEP = 500;

/** What became of a commit. */
export type CommitOutcome = 'committed' | 'too-many-queues';

interface GroupOffsets {
  readonly topic: string;
  readonly group: string;
  readonly byQueue: Map<number, number>;
  /** Its lines of the config file, undefined after a change. */
  text: string | undefined;
}

/**
 * How far every consumer group has come in every queue, on this broker.
 *
 * Invariants:
 *  I1  queue offsets are never negative;
 *  I2  the number of entries is bounded by `entryCountMax`.
 *
 * Source: rocketmq 5.x `ConsumerOffsetManager`.
 */
export class ConsumerOffsetTable {
  private readonly byKey = new Map<string, GroupOffsets>();
  private entryCount = 0;
  private commitCount = 0;
  private changed = false;
  private version: DataVersion;

  constructor(
    private readonly clock: Clock,
    private readonly entryCountMax = 2_000_000,
  ) {
    this.version = initialVersion(clock);
  }

  /** Takes over what a config file held. */
  restore(saved: ConsumerOffsetWrapper): void {
    if (saved.dataVersion) this.version = saved.dataVersion;
    for (const [key, queues] of saved.offsetTable) {
      const [topic, group] = splitKey(key);
      if (topic === undefined || group === undefined) continue;
      const offsets = this.offsetsOf(topic, group);
      for (const [queueId, queueOffset] of queues) this.put(offsets, queueId, queueOffset);
    }
    this.changed = false;
  }

  /** Notes that `group` has consumed everything below `queueOffset`. A smaller value than before is taken as well. */
  commit(group: string, topic: string, queueId: number, queueOffset: number): CommitOutcome {
    const known = this.byKey.get(topic + SEPARATOR + group);
    if (!known?.byQueue.has(queueId) && this.entryCount >= this.entryCountMax) {
      return 'too-many-queues';
    }
    this.put(known ?? this.offsetsOf(topic, group), queueId, Math.max(queueOffset, 0));
    if (++this.commitCount % VERSION_STEP === 0) {
      this.version = nextVersion(this.version, this.clock);
    }
    return 'committed';
  }

  /** Next queue offset to consume; undefined where the group never committed one. */
  query(group: string, topic: string, queueId: number): number | undefined {
    return this.byKey.get(topic + SEPARATOR + group)?.byQueue.get(queueId);
  }

  /** All queues of a topic that the group has committed. */
  queuesOf(group: string, topic: string): ReadonlyMap<number, number> | undefined {
    return this.byKey.get(topic + SEPARATOR + group)?.byQueue;
  }

  topicsOf(group: string): string[] {
    return [...this.byKey.values()].filter((o) => o.group === group).map((o) => o.topic);
  }

  groupsOf(topic: string): string[] {
    return [...this.byKey.values()].filter((o) => o.topic === topic).map((o) => o.group);
  }

  removeGroup(group: string): void {
    this.removeWhere((offsets) => offsets.group === group);
  }

  removeTopic(topic: string): void {
    this.removeWhere((offsets) => offsets.topic === topic);
  }

  /** Whether there is something the config file does not have yet; asking clears it. */
  takeChanged(): boolean {
    const changed = this.changed;
    this.changed = false;
    return changed;
  }

  /** Notes that the last save failed. */
  markChanged(): void {
    this.changed = true;
  }

  get dataVersion(): DataVersion {
    return this.version;
  }

  /** `topic@group` → queue id → queue offset, for whoever copies the table. */
  snapshot(): ConsumerOffsetWrapper {
    const offsetTable = new Map<string, Map<number, number>>();
    for (const [key, offsets] of this.byKey) offsetTable.set(key, offsets.byQueue);
    return { dataVersion: this.version, offsetTable };
  }

  /**
   * The text of `consumerOffset.json`, as Apache lays it out. Lines of groups that committed nothing since the last
   * call are reused: a broker with many idle groups writes the file at the price of the busy ones.
   */
  configText(): string {
    const { counter, stateVersion, timestamp } = this.version;
    const parts: string[] = [];
    for (const [key, offsets] of this.byKey) {
      offsets.text ??= groupText(key, offsets.byQueue);
      parts.push(offsets.text);
    }
    const table = parts.length === 0 ? '{}' : `{\n${parts.join(',\n')}\n\t}`;
    return (
      `{\n\t"dataVersion":{\n\t\t"counter":${counter},\n\t\t"stateVersion":${stateVersion},\n` +
      `\t\t"timestamp":${timestamp}\n\t},\n\t"offsetTable":${table}\n}`
    );
  }

  private offsetsOf(topic: string, group: string): GroupOffsets {
    const key = topic + SEPARATOR + group;
    let offsets = this.byKey.get(key);
    if (!offsets) {
      offsets = { topic, group, byQueue: new Map(), text: undefined };
      this.byKey.set(key, offsets);
    }
    return offsets;
  }

  private put(offsets: GroupOffsets, queueId: number, queueOffset: number): void {
    const before = offsets.byQueue.get(queueId);
    if (before === queueOffset) return;
    if (before === undefined) this.entryCount++;
    offsets.byQueue.set(queueId, queueOffset);
    offsets.text = undefined;
    this.changed = true;
  }

  private removeWhere(matches: (offsets: GroupOffsets) => boolean): void {
    for (const [key, offsets] of this.byKey) {
      if (!matches(offsets)) continue;
      this.entryCount -= offsets.byQueue.size;
      this.byKey.delete(key);
      this.changed = true;
    }
  }
}

/** Topic and group of a key; neither name can hold the separator, so anything else is no key of ours. */
function splitKey(key: string): [topic: string | undefined, group: string | undefined] {
  const parts = key.split(SEPARATOR);
  return parts.length === 2 ? [parts[0], parts[1]] : [undefined, undefined];
}

function groupText(key: string, byQueue: ReadonlyMap<number, number>): string {
  const lines: string[] = [];
  for (const [queueId, queueOffset] of byQueue) lines.push(`\t\t\t${queueId}:${queueOffset}`);
  return `\t\t${JSON.stringify(key)}:{${lines.length === 0 ? '' : `\n${lines.join(',\n')}\n\t\t`}}`;
}
