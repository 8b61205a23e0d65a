import type { Clock } from '@rocketmq-ts/kernel';
import { ChangingTable } from '../metadata/changing-table.js';
import { initialVersion, nextVersion } from '../metadata/data-version.js';
import type { ConsumerOffsetWrapper, DataVersion } from '@rocketmq-ts/protocol';
import { broadcastGroupOf, offsetKey, splitOffsetKey, isBroadcastGroup } from './offset-key.js';
import type { OwnCommits } from './own-commits.js';
import { QueueMarks } from './queue-marks.js';

/** Commits after which the version of the table moves on. Source: rocketmq 5.x `consumerOffsetUpdateVersionStep`. */
const VERSION_STEP = 500;

/** What became of a commit. `reset-pending`: an operator has moved the group, its consumer has yet to hear of it. */
export type CommitOutcome = 'committed' | 'too-many-queues' | 'reset-pending';

/** Called when an operator has moved a group in a queue. */
export type ResetListener = (group: string, topic: string, queueId: number) => void;

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
 *  I2  the number of entries is bounded by `entryCountMax`;
 *  I3  while a reset waits for its consumer, no commit undoes it.
 *
 * Source: rocketmq 5.x `ConsumerOffsetManager`.
 */
export class ConsumerOffsetTable extends ChangingTable {
  private readonly byKey = new Map<string, GroupOffsets>();
  private readonly resets: QueueMarks;
  private readonly pulled: QueueMarks;
  private readonly resetListeners: ResetListener[] = [];
  /** On a slave: what its own clients have committed. */
  private ownCommits: OwnCommits | undefined;
  private entryCount = 0;
  private commitCount = 0;
  private version: DataVersion;

  constructor(
    private readonly clock: Clock,
    private readonly entryCountMax = 2_000_000,
  ) {
    super();
    this.version = initialVersion(clock);
    this.resets = new QueueMarks(entryCountMax);
    this.pulled = new QueueMarks(entryCountMax);
  }

  /** Takes over what a config file held. */
  restore(saved: ConsumerOffsetWrapper): void {
    if (saved.dataVersion) this.version = saved.dataVersion;
    for (const [key, queues] of saved.offsetTable) {
      const [topic, group] = splitOffsetKey(key);
      if (topic === undefined || group === undefined) continue;
      const offsets = this.offsetsOf(topic, group);
      for (const [queueId, queueOffset] of queues) this.put(offsets, queueId, queueOffset);
    }
    this.changed = false;
  }

  /** Notes that `group` has consumed everything below `queueOffset`. A smaller value than before is taken as well. */
  commit(group: string, topic: string, queueId: number, queueOffset: number): CommitOutcome {
    if (this.resets.get(group, topic, queueId) !== undefined) return 'reset-pending';
    const outcome = this.assign(group, topic, queueId, queueOffset);
    if (outcome === 'committed') this.ownCommits?.note({ group, topic, queueId, queueOffset });
    return outcome;
  }

  /** A slave notes from now on what its own clients commit: its master does not know it. */
  keepOwnCommits(own: OwnCommits): void {
    this.ownCommits = own;
    this.putOwnCommits();
  }

  /** A slave takes over its master's table in place of its own, but for what its own clients have committed since. */
  adopt({ dataVersion, offsetTable }: ConsumerOffsetWrapper): void {
    const kept = new Set<GroupOffsets>();
    for (const [key, queues] of offsetTable) {
      const [topic, group] = splitOffsetKey(key);
      if (topic === undefined || group === undefined) continue;
      const offsets = this.offsetsOf(topic, group);
      kept.add(offsets);
      for (const [queueId, queueOffset] of queues) this.put(offsets, queueId, queueOffset);
      for (const queueId of offsets.byQueue.keys()) {
        if (queues.has(queueId)) continue;
        offsets.byQueue.delete(queueId);
        offsets.text = undefined;
        this.entryCount--;
        this.changed = true;
      }
    }
    this.removeWhere((offsets) => !kept.has(offsets));
    this.putOwnCommits();
    if (dataVersion) this.version = dataVersion;
  }

  /**
   * An operator moves a group: its offset is the new one at once, and the next pull of the queue is told to go there.
   * Source: rocketmq 5.5.0 `ConsumerOffsetManager#assignResetOffset`.
   */
  reset(group: string, topic: string, queueId: number, queueOffset: number): CommitOutcome {
    const outcome = this.assign(group, topic, queueId, queueOffset);
    if (outcome !== 'committed') return outcome;
    if (!this.resets.set(group, topic, queueId, Math.max(queueOffset, 0))) return 'too-many-queues';
    for (const listener of this.resetListeners) listener(group, topic, queueId);
    return 'committed';
  }

  /** Resets that consumers have yet to hear of. */
  get pendingResetCount(): number {
    return this.resets.size;
  }

  /** Where the group is to go on in this queue, if an operator has moved it; known only once. */
  takeReset(group: string, topic: string, queueId: number): number | undefined {
    return this.resets.take(group, topic, queueId);
  }

  onReset(listener: ResetListener): void {
    this.resetListeners.push(listener);
  }

  /** Notes that the group was given everything below `queueOffset`; forgotten at a restart. */
  notePulled(group: string, topic: string, queueId: number, queueOffset: number): void {
    this.pulled.set(group, topic, queueId, queueOffset);
  }

  /** Next queue offset to pull; undefined where the group has not pulled since the start. */
  pulledOffset(group: string, topic: string, queueId: number): number | undefined {
    return this.pulled.get(group, topic, queueId);
  }

  /** Gives `to` the offsets that `from` has in a topic, in place of its own. @returns how many queues those are */
  clone(from: string, to: string, topic: string): number {
    const source = this.byKey.get(offsetKey(topic, from))?.byQueue;
    if (!source || from === to) return 0;
    const own = this.byKey.get(offsetKey(topic, to));
    if (this.entryCount + source.size - (own?.byQueue.size ?? 0) > this.entryCountMax) return 0;
    if (own) this.removeWhere((offsets) => offsets === own);
    const target = this.offsetsOf(topic, to);
    for (const [queueId, queueOffset] of source) this.put(target, queueId, queueOffset);
    this.version = nextVersion(this.version, this.clock);
    return source.size;
  }

  private assign(
    group: string,
    topic: string,
    queueId: number,
    queueOffset: number,
  ): CommitOutcome {
    const known = this.byKey.get(offsetKey(topic, group));
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
    return this.byKey.get(offsetKey(topic, group))?.byQueue.get(queueId);
  }

  /** All queues of a topic that the group has committed. */
  queuesOf(group: string, topic: string): ReadonlyMap<number, number> | undefined {
    return this.byKey.get(offsetKey(topic, group))?.byQueue;
  }

  topicsOf(group: string): string[] {
    return [...this.byKey.values()].filter((o) => o.group === group).map((o) => o.topic);
  }

  /** Groups with offsets in a topic, without those that stand for broadcasting ones. */
  groupsOf(topic: string): string[] {
    const ofTopic = [...this.byKey.values()].filter((o) => o.topic === topic);
    return ofTopic.map((o) => o.group).filter((group) => !isBroadcastGroup(group));
  }

  removeGroup(group: string): void {
    this.resets.forgetGroup(group);
    this.pulled.forgetGroup(group);
    const broadcasting = broadcastGroupOf(group);
    this.removeWhere((o) => o.group === group || o.group === broadcasting);
  }

  removeTopic(topic: string): void {
    this.resets.forgetTopic(topic);
    this.pulled.forgetTopic(topic);
    this.removeWhere((offsets) => offsets.topic === topic);
  }

  /** Groups with offsets in a topic, and the offsets by queue. */
  *entriesOf(topic: string): Iterable<readonly [string, ReadonlyMap<number, number>]> {
    for (const offsets of this.byKey.values()) {
      if (offsets.topic === topic) yield [offsets.group, offsets.byQueue];
    }
  }

  /** Topics with offsets, by group (also those that stand for broadcasting ones): one walk, for who looks at every group. */
  topicsByGroup(): Map<string, string[]> {
    const topics = new Map<string, string[]>();
    for (const { group, topic } of this.byKey.values()) {
      const known = topics.get(group);
      if (known) known.push(topic);
      else topics.set(group, [topic]);
    }
    return topics;
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

  private putOwnCommits(): void {
    for (const { group, topic, queueId, queueOffset } of this.ownCommits?.list() ?? [])
      this.put(this.offsetsOf(topic, group), queueId, Math.max(queueOffset, 0));
  }

  private offsetsOf(topic: string, group: string): GroupOffsets {
    const key = offsetKey(topic, group);
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

function groupText(key: string, byQueue: ReadonlyMap<number, number>): string {
  const lines: string[] = [];
  for (const [queueId, queueOffset] of byQueue) lines.push(`\t\t\t${queueId}:${queueOffset}`);
  return `\t\t${JSON.stringify(key)}:{${lines.length === 0 ? '' : `\n${lines.join(',\n')}\n\t\t`}}`;
}
