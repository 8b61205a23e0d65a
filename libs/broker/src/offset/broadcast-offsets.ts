import type { Clock, ClockTask } from '@rocketmq-ts/kernel';
import { broadcastGroupOf } from './offset-key.js';
import type { ConsumerOffsetTable } from './consumer-offset-table.js';

/** How often the slowest members are looked for. Source: rocketmq 5.5.0 `BroadcastOffsetManager#run`. */
const SCAN_INTERVAL_MS = 5_000;
/** Queues of clients that are followed; a bound on what peers can make us remember. */
const MARK_COUNT_MAX = 50_000;

/** Settings; read anew each time. */
export interface BroadcastSettings {
  readonly enabled: boolean;
  /** Silence after which a client that is gone is forgotten. */
  readonly expiryMs: number;
  /** Silence after which a client is forgotten although it is connected. */
  readonly expiryMsMax: number;
}

/** What `BroadcastOffsets` works with. */
export interface BroadcastParts {
  readonly clock: Clock;
  readonly offsets: ConsumerOffsetTable;
  readonly settings: BroadcastSettings;
  /** Ids of the clients that are connected in a group. */
  readonly onlineClients: (group: string) => ReadonlySet<string>;
}

interface Client {
  seenMs: number;
  readonly byQueue: Map<number, number>;
}

interface GroupProgress {
  readonly group: string;
  readonly topic: string;
  readonly byClient: Map<string, Client>;
}

/**
 * How far each member of a broadcasting group has pulled. Members keep their offsets themselves; the broker commits how
 * far the slowest one is, under a name of its own, for who joins later through a proxy.
 * Source: rocketmq 5.5.0 `BroadcastOffsetManager`.
 */
export class BroadcastOffsets {
  private readonly byKey = new Map<string, GroupProgress>();
  private markCount = 0;
  private task: ClockTask | undefined;

  constructor(private readonly parts: BroadcastParts) {}

  get enabled(): boolean {
    return this.parts.settings.enabled;
  }

  start(): void {
    this.task ??= this.parts.clock.setPeriodic(SCAN_INTERVAL_MS, () => this.scan());
  }

  stop(): void {
    this.task?.cancel();
    this.task = undefined;
  }

  /** A member asks for the messages of a queue from `queueOffset` on. It never goes back. */
  note(
    group: string,
    clientId: string,
    at: { topic: string; queueId: number; queueOffset: number },
  ): void {
    const key = `${at.topic}@${group}`;
    const progress = this.byKey.get(key);
    const client = progress?.byClient.get(clientId);
    const before = client?.byQueue.get(at.queueId);
    if (before === undefined) {
      if (this.markCount >= MARK_COUNT_MAX) return;
      this.markCount++;
    }
    const seenMs = this.parts.clock.monotonicMs();
    if (client) {
      client.seenMs = seenMs;
      client.byQueue.set(at.queueId, Math.max(before ?? 0, at.queueOffset));
      return;
    }
    const added = { seenMs, byQueue: new Map([[at.queueId, Math.max(at.queueOffset, 0)]]) };
    if (progress) progress.byClient.set(clientId, added);
    else this.byKey.set(key, { group, topic: at.topic, byClient: new Map([[clientId, added]]) });
  }

  /** Commits what the slowest members have, and forgets who is gone. */
  scan(): void {
    for (const [key, progress] of this.byKey) {
      const slowest = new Map<number, number>();
      const online = this.parts.onlineClients(progress.group);
      for (const [clientId, client] of progress.byClient) {
        if (this.isGone(client, online.has(clientId))) {
          this.markCount -= client.byQueue.size;
          progress.byClient.delete(clientId);
          continue;
        }
        for (const [queueId, queueOffset] of client.byQueue) {
          slowest.set(queueId, Math.min(slowest.get(queueId) ?? queueOffset, queueOffset));
        }
      }
      if (progress.byClient.size === 0) this.byKey.delete(key);
      const group = broadcastGroupOf(progress.group);
      for (const [queueId, queueOffset] of slowest) {
        if (this.parts.offsets.query(group, progress.topic, queueId) === queueOffset) continue;
        this.parts.offsets.commit(group, progress.topic, queueId, queueOffset);
      }
    }
  }

  private isGone(client: Client, online: boolean): boolean {
    const { clock, settings } = this.parts;
    const silentMs = clock.monotonicMs() - client.seenMs;
    return silentMs >= (online ? settings.expiryMsMax : settings.expiryMs);
  }
}
