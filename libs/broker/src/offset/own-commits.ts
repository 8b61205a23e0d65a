import { ChangingTable } from '../metadata/changing-table.js';
import type { ConsumerOffsetWrapper } from '@rocketmq-ts/protocol';
import { type GroupOffset, offsetKey, splitOffsetKey } from './offset-key.js';

/**
 * What the clients of a slave have committed and its master does not know yet, by group, topic and queue.
 *
 * Invariant: an entry goes only when the master was told of that very commit; a newer one of the queue stays.
 */
export class OwnCommits extends ChangingTable {
  private readonly commits = new Map<string, Map<number, GroupOffset>>();

  note(commit: GroupOffset): void {
    const key = offsetKey(commit.topic, commit.group);
    const queues = this.commits.get(key);
    if (queues) queues.set(commit.queueId, commit);
    else this.commits.set(key, new Map([[commit.queueId, commit]]));
    this.changed = true;
  }

  /** All of them, as of now. */
  list(): GroupOffset[] {
    return [...this.commits.values()].flatMap((queues) => [...queues.values()]);
  }

  /** The master knows these now. */
  settle(told: readonly GroupOffset[]): void {
    for (const commit of told) {
      const key = offsetKey(commit.topic, commit.group);
      const queues = this.commits.get(key);
      if (queues?.get(commit.queueId) !== commit) continue;
      queues.delete(commit.queueId);
      if (queues.size === 0) this.commits.delete(key);
      this.changed = true;
    }
  }

  /** Takes over what a file held. */
  restore({ offsetTable }: ConsumerOffsetWrapper): void {
    for (const [key, queues] of offsetTable) {
      const [topic, group] = splitOffsetKey(key);
      if (topic === undefined || group === undefined) continue;
      for (const [queueId, queueOffset] of queues)
        this.note({ group, topic, queueId, queueOffset });
    }
    this.changed = false;
  }

  /** As `consumerOffset.json` has it. */
  snapshot(): ConsumerOffsetWrapper {
    const offsetTable = new Map<string, Map<number, number>>();
    for (const [key, queues] of this.commits) {
      const offsets = new Map<number, number>();
      for (const { queueId, queueOffset } of queues.values()) offsets.set(queueId, queueOffset);
      offsetTable.set(key, offsets);
    }
    return { offsetTable };
  }
}
