import type { Clock } from '@rocketmq-ts/kernel';
import { ResponseCode } from '@rocketmq-ts/protocol';
import type { ColdReads } from './cold-reads.js';
import { RateLimits } from './rate-limits.js';
import type { RateNames, Rates } from './rate-limits.js';

/** What can be slowed down: a connection to a client. */
export interface SlowableClient {
  readonly remoteHostPort: string;
  /** Stops reading what the client sends for a while. */
  slowDown(ms: number): void;
}

/** Settings, read anew each time. */
export interface FlowSettings {
  readonly sends: Rates;
  readonly pulls: Rates;
  /** Longest time for which a producer is slowed down; one that would have to wait longer is refused. */
  readonly slowDownMsMax: number;
}

/** Why a request is not served now. */
export interface FlowRefusal {
  readonly code: number;
  readonly remark: string;
}

/** What a pull or pop is put off for. */
export interface PutOff {
  readonly waitMs: number;
  readonly remark: string;
}

const SEND_SETTINGS: RateNames = {
  messagesPerClient: 'sendMessagesPerSecondPerClient',
  bytesPerClient: 'sendBytesPerSecondPerClient',
  messagesPerGroup: 'sendMessagesPerSecondPerGroup',
  bytesPerGroup: 'sendBytesPerSecondPerGroup',
};
const PULL_SETTINGS: RateNames = {
  messagesPerClient: 'pullMessagesPerSecondPerClient',
  bytesPerClient: 'pullBytesPerSecondPerClient',
  messagesPerGroup: 'pullMessagesPerSecondPerGroup',
  bytesPerGroup: 'pullBytesPerSecondPerGroup',
};
/** Apache's words for a consumer that is kept from reading the disk. Source: rocketmq 5.5.0 `PullMessageProcessor`. */
const COLD_REMARK = 'This consumer group is reading cold data. It has been flow control';
export const COLD_CAUSE = 'coldRead';

/** The rates of settings that an operator can set; all off unless he does. */
export const FLOW_CAUSES: readonly string[] = [
  ...Object.values(SEND_SETTINGS),
  ...Object.values(PULL_SETTINGS),
  COLD_CAUSE,
];

/**
 * Keeps clients and groups to the rates that an operator has set. Who is over a rate is slowed down first: his connection
 * is not read for a while, his pulls are answered later. Only where that would take too long he is refused, with the
 * setting named.
 *
 * Invariant:
 *  I1  with everything off a send and a pull cost one look each.
 */
export class FlowControl<C extends SlowableClient> {
  /** How often each cause slowed somebody down, and how often it refused. */
  readonly slowed = new Map<string, number>();
  readonly refused = new Map<string, number>();
  private readonly sends: RateLimits<C>;
  private readonly pulls: RateLimits<C>;

  constructor(
    private readonly clock: Clock,
    private readonly settings: FlowSettings,
    private readonly cold: ColdReads,
  ) {
    this.sends = new RateLimits<C>(settings.sends);
    this.pulls = new RateLimits<C>(settings.pulls);
  }

  /** Whether sends are limited at all. */
  get limitsSends(): boolean {
    return this.sends.active;
  }

  /** Takes a send into account, and slows its client down where it is too fast. @returns why it is refused */
  admitSend(
    client: C,
    group: string,
    send: { readonly messages: number; readonly bytes: number; readonly isOneWay: boolean },
  ): FlowRefusal | undefined {
    const nowMs = this.clock.monotonicMs();
    const { slowDownMsMax } = this.settings;
    const before = this.sends.over(client, group, nowMs);
    // Nobody would hear of a refusal of a one-way send: the message would be lost.
    if (before && before.waitMs > slowDownMsMax && !send.isOneWay) {
      const cause = SEND_SETTINGS[before.kind];
      count(this.refused, cause);
      const who = remarkOf(client, group, before.kind, 'producer');
      const remark = `[FLOW_CONTROL]broker busy, start flow control for a while: ${who} sends more than ${cause}=${this.settings.sends[before.kind]}`;
      return { code: ResponseCode.SYSTEM_BUSY, remark };
    }
    this.sends.take(client, group, send.messages, send.bytes, nowMs);
    const after = this.sends.over(client, group, nowMs);
    if (after) {
      count(this.slowed, SEND_SETTINGS[after.kind]);
      client.slowDown(Math.min(after.waitMs, slowDownMsMax));
    }
    return undefined;
  }

  /** What a pull has to wait for; undefined: nothing. */
  putOffPull(client: C, group: string, topic: string, queueId: number): PutOff | undefined {
    return this.putOffColdRead(group, topic, queueId) ?? this.putOffByRate(client, group);
  }

  /** What a read of one queue has to wait for, since it would come from the disk. */
  putOffColdRead(group: string, topic: string, queueId: number): PutOff | undefined {
    const waitMs = this.cold.waitMs(group, topic, queueId);
    if (waitMs === 0) return undefined;
    count(this.slowed, COLD_CAUSE);
    return { waitMs, remark: COLD_REMARK };
  }

  /** What any pull or pop of a client has to wait for, since it or its group was given too much. */
  putOffByRate(client: C, group: string): PutOff | undefined {
    if (!this.pulls.active) return undefined;
    const over = this.pulls.over(client, group, this.clock.monotonicMs());
    if (!over) return undefined;
    const cause = PULL_SETTINGS[over.kind];
    count(this.slowed, cause);
    const who = remarkOf(client, group, over.kind, 'consumer');
    const remark = `[FLOW_CONTROL]${who} is given more than ${cause}=${this.settings.pulls[over.kind]}`;
    return { waitMs: over.waitMs, remark };
  }

  /** A pull or pop could not wait for so long: it was refused. */
  countRefusedPull({ remark }: PutOff): void {
    const cause = FLOW_CAUSES.find((name) => remark.includes(`${name}=`)) ?? COLD_CAUSE;
    count(this.refused, cause);
  }

  /** What a consumer was given. */
  notePull(
    client: C,
    place: { readonly group: string; readonly topic: string; readonly queueId: number },
    given: { readonly messageCount: number; readonly bytes: number; readonly fromDisk: boolean },
  ): void {
    const { group, topic, queueId } = place;
    this.cold.note(group, topic, queueId, given.bytes, given.fromDisk);
    if (!this.pulls.active) return;
    this.pulls.take(client, group, given.messageCount, given.bytes, this.clock.monotonicMs());
  }
}

function remarkOf(
  client: SlowableClient,
  group: string,
  kind: keyof Rates,
  role: 'producer' | 'consumer',
): string {
  return kind.endsWith('Group') ? `${role} group[${group}]` : `client[${client.remoteHostPort}]`;
}

const count = (counts: Map<string, number>, cause: string): void => {
  counts.set(cause, (counts.get(cause) ?? 0) + 1);
};
