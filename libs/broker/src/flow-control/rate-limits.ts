import { TokenBucket } from './token-bucket.js';

/** Rates per second; 0 is no limit. */
export interface Rates {
  readonly messagesPerClient: number;
  readonly bytesPerClient: number;
  readonly messagesPerGroup: number;
  readonly bytesPerGroup: number;
}

/** The settings behind the rates, to be named in remarks. */
export type RateNames = Readonly<Record<keyof Rates, string>>;

/** The limit that somebody is over, and how long until he is not. */
export interface OverLimit {
  readonly waitMs: number;
  readonly kind: keyof Rates;
}

/** Groups that are counted apart; more share one count, so that a flood of names gets no more than one group. */
const GROUP_COUNT_MAX = 50_000;
const OTHERS = '(others)';

interface Counts {
  messages: TokenBucket | undefined;
  bytes: TokenBucket | undefined;
}

const NOT_OVER: OverLimit | undefined = undefined;

/**
 * Who has taken how much, by client and by group. A client is a connection.
 *
 * Invariant:
 *  I1  with all rates off nothing is counted and nothing is kept.
 */
export class RateLimits<C extends object> {
  private readonly byClient = new WeakMap<C, Counts>();
  private readonly byGroup = new Map<string, Counts>();

  constructor(private readonly rates: Rates) {}

  /** Whether any rate is limited. */
  get active(): boolean {
    const { messagesPerClient, bytesPerClient, messagesPerGroup, bytesPerGroup } = this.rates;
    return messagesPerClient + bytesPerClient + messagesPerGroup + bytesPerGroup > 0;
  }

  /** The limit with the longest wait, if any is exceeded. @param nowMs monotonic */
  over(client: C, group: string, nowMs: number): OverLimit | undefined {
    const { rates } = this;
    const mine = this.byClient.get(client);
    const ours = this.byGroup.get(this.keyOf(group));
    let worst = NOT_OVER;
    worst = worse(worst, 'messagesPerClient', mine?.messages, rates, nowMs);
    worst = worse(worst, 'bytesPerClient', mine?.bytes, rates, nowMs);
    worst = worse(worst, 'messagesPerGroup', ours?.messages, rates, nowMs);
    return worse(worst, 'bytesPerGroup', ours?.bytes, rates, nowMs);
  }

  take(client: C, group: string, messages: number, bytes: number, nowMs: number): void {
    const { messagesPerClient, bytesPerClient, messagesPerGroup, bytesPerGroup } = this.rates;
    if (messagesPerClient + bytesPerClient > 0) {
      let mine = this.byClient.get(client);
      if (!mine) this.byClient.set(client, (mine = { messages: undefined, bytes: undefined }));
      charge(mine, 'messages', messages, messagesPerClient, nowMs);
      charge(mine, 'bytes', bytes, bytesPerClient, nowMs);
    }
    if (messagesPerGroup + bytesPerGroup > 0) {
      const key = this.keyOf(group);
      let ours = this.byGroup.get(key);
      if (!ours) this.byGroup.set(key, (ours = { messages: undefined, bytes: undefined }));
      charge(ours, 'messages', messages, messagesPerGroup, nowMs);
      charge(ours, 'bytes', bytes, bytesPerGroup, nowMs);
    }
  }

  private keyOf(group: string): string {
    return this.byGroup.size < GROUP_COUNT_MAX || this.byGroup.has(group) ? group : OTHERS;
  }
}

function worse(
  worst: OverLimit | undefined,
  kind: keyof Rates,
  bucket: TokenBucket | undefined,
  rates: Rates,
  nowMs: number,
): OverLimit | undefined {
  const rate = rates[kind];
  if (!bucket || rate === 0) return worst;
  const waitMs = bucket.waitMs(rate, nowMs);
  return waitMs > (worst?.waitMs ?? 0) ? { waitMs, kind } : worst;
}

function charge(
  counts: Counts,
  what: keyof Counts,
  amount: number,
  rate: number,
  nowMs: number,
): void {
  if (rate === 0) {
    counts[what] = undefined;
    return;
  }
  (counts[what] ??= new TokenBucket(rate, nowMs)).take(amount, rate, nowMs);
}
