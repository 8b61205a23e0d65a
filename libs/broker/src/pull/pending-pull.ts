import { MIB } from '@rocketmq-ts/kernel';
import type { SerializeType } from '@rocketmq-ts/protocol';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { ReadRequest, StoreQueue } from '@rocketmq-ts/storage';
import type { TagCodes } from '../client-session/tag-filter.js';
import type { RecordFilter } from '../filter/record-filter.js';
import { HeldPull } from './held-pulls.js';
import type { PullGrant, PullRequest } from './pull-decision.js';

/** What a pull asks for beyond what the decision looks at. */
export interface PullTerms {
  readonly requestCode: number;
  readonly opaque: number;
  readonly serializeType: SerializeType;
  /** First queue offset wanted. */
  readonly queueOffset: number;
  readonly maxCount: number;
  readonly maxBytes: number;
  /** How long the answer may wait for a message; 0: not at all. */
  readonly holdMs: number;
  /** Bytes of the request, for the accounting of what is in work. */
  readonly sizeBytes: number;
}

/**
 * What filtering one read may cost before it is answered with how far it came: some 20 ms. Usual expressions get through a
 * whole look at a queue with a hundredth of it; a thousand searches in long texts do not.
 */
const FILTER_WORK_BYTES_MAX = 32 * MIB;

/** One pull from its request to its answer, read and held as often as it takes. Also the request to the store. */
export class PendingPull extends HeldPull<StoreQueue, ServerConnection> implements ReadRequest {
  /** Where the next look starts: behind messages that the filter has passed over. */
  queueOffset: number;
  /** The store is asked and has not answered. */
  reading = false;
  /** More messages came while the store was asked. */
  missedArrival = false;
  answered = false;
  /** Its connection has been given all the bytes it may have under way. */
  waitsForRoom = false;
  /** As it was granted; looked at again before each answer. */
  grant: PullGrant;
  /** Wall clock of the request. */
  arrivedAtMs = 0;
  /** It is held because its group or client is being given too much: no arrival wakes it. */
  putOff = false;
  /** Whether it was held. */
  wasHeld = false;
  /** When the store was asked last, wall clock. */
  readAtMs = 0;
  /** Monotonic ms from which it may not be held any longer. */
  holdUntilMs = 0;
  matchesTagsCode: ((tagsCode: number) => boolean) | undefined;
  matchesRecord: ((record: Buffer) => boolean) | undefined;
  /** What the filter of records has cost since the store was asked, in bytes looked at. */
  filterWorkBytes = 0;
  private inWork = false;

  constructor(
    queue: StoreQueue,
    connection: ServerConnection,
    readonly request: PullRequest,
    readonly terms: PullTerms,
    grant: PullGrant,
  ) {
    super(queue, connection);
    this.queueOffset = terms.queueOffset;
    this.grant = grant;
    this.matchesTagsCode = undefined;
    this.matchesRecord = undefined;
    this.grantAnew(grant);
  }

  /** Takes a decision made later: rights and expressions may have changed while the pull waited. */
  grantAnew(grant: PullGrant): void {
    this.grant = grant;
    const { tags, records } = grant.filter;
    this.matchesTagsCode = tags === undefined ? undefined : matcherOf(tags);
    this.matchesRecord = records && this.watched(records);
  }

  /** The broker works on it: a drain waits for it, and its connection is read more slowly. */
  beginWork(): void {
    this.inWork = true;
    this.connection.begin(this.terms.sizeBytes);
  }

  /** It is answered, or waits. */
  endWork(): void {
    if (!this.inWork) return;
    this.inWork = false;
    this.connection.end(this.terms.sizeBytes);
  }

  /** Whether the filter of records has cost so much that others should have their turn. */
  isTired(): boolean {
    return this.filterWorkBytes > FILTER_WORK_BYTES_MAX;
  }

  get maxCount(): number {
    return this.terms.maxCount;
  }

  get maxBytes(): number {
    return this.terms.maxBytes;
  }

  get opaque(): number {
    return this.terms.opaque;
  }

  get serializeType(): SerializeType {
    return this.terms.serializeType;
  }

  /** Whether messages were passed over since the pull came. */
  get advanced(): boolean {
    return this.queueOffset > this.terms.queueOffset;
  }

  private watched(filter: RecordFilter): (record: Buffer) => boolean {
    return (record) => {
      const before = filter.workBytes;
      const matches = filter.matches(record);
      this.filterWorkBytes += filter.workBytes - before;
      return matches;
    };
  }
}

/** One function per tag expression, not per pull. */
const matchers = new WeakMap<object, (tagsCode: number) => boolean>();

function matcherOf(tags: NonNullable<TagCodes>): (tagsCode: number) => boolean {
  let matcher = matchers.get(tags);
  if (!matcher) {
    matcher = (tagsCode) => tags.has(tagsCode);
    matchers.set(tags, matcher);
  }
  return matcher;
}
