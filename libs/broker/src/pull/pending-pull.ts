import type { SerializeType } from '@rocketmq-ts/protocol';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { ReadRequest, StoreQueue } from '@rocketmq-ts/storage';
import type { TagCodes } from '../client-session/tag-filter.js';
import { HeldPull } from './held-pulls.js';
import type { PullGrant, PullRequest } from './pull-decision.js';

/** What a pull asks for beyond what the decision looks at. */
export interface PullTerms {
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
  /** Whether `connection.begin` is waiting for its end. */
  inWork = false;
  /** Monotonic ms from which it may not be held any longer. */
  holdUntilMs = 0;
  readonly matchesTagsCode: ((tagsCode: number) => boolean) | undefined;

  constructor(
    queue: StoreQueue,
    connection: ServerConnection,
    readonly request: PullRequest,
    readonly terms: PullTerms,
    /** As it was granted; looked at again before each answer. */
    public grant: PullGrant,
  ) {
    super(queue, connection);
    this.queueOffset = terms.queueOffset;
    const { tags } = grant;
    this.matchesTagsCode = tags === undefined ? undefined : matcherOf(tags);
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
