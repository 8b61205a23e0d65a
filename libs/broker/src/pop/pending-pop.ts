import type { PopMessage, Received, SerializeType } from '@rocketmq-ts/protocol';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { MessageFilter } from '../filter/subscription-filters.js';
import type { PutOff } from '../flow-control/flow-control.js';
import { HeldPop } from './held-pops.js';
import type { PollPlace } from './held-pops.js';
import type { PopGrant } from './pop-decision.js';
import type { PopStep } from './pop-plan.js';
import { PopAnswerInfo } from './receipt-handle.js';

export type PopHeader = Received<typeof PopMessage.request>['header'];

/** What filtering one read may cost before the pop is told how far it came; as for pulls. */
const FILTER_WORK_BYTES_MAX = 4 * 1024 * 1024;

/** The filter of one read, in the terms of the store. */
export interface ReadFilter {
  readonly matchesTagsCode: ((tagsCode: number) => boolean) | undefined;
  readonly matchesRecord: ((record: Buffer) => boolean) | undefined;
  readonly isTired: () => boolean;
}

/** A filter for one read: it counts what it costs. */
export function readFilter({ tags, records }: MessageFilter): ReadFilter {
  const before = records?.workBytes ?? 0;
  return {
    matchesTagsCode: tags && ((tagsCode) => tags.has(tagsCode)),
    matchesRecord: records && ((record) => records.matches(record)),
    isTired: () => (records?.workBytes ?? 0) - before > FILTER_WORK_BYTES_MAX,
  };
}

/** What a pop asks for beyond its header. */
export interface PopTerms {
  readonly opaque: number;
  readonly serializeType: SerializeType;
  /** Bytes of the request, for the accounting of what is in work. */
  readonly sizeBytes: number;
  readonly filter: MessageFilter;
  /** 1 to 32. */
  readonly maxCount: number;
  readonly invisibleTimeMs: number;
}

/** One pop from its request to its answer, looked for and held as often as it takes. */
export class PendingPop extends HeldPop {
  /** Monotonic ms from which it may not be held any longer. */
  holdUntilMs = 0;

  // --- of the search that is under way ---
  steps: readonly PopStep[] = [];
  stepIndex = 0;
  /** Taking steps now: a step that ends at once returns to the loop instead of starting another. */
  stepping = false;
  popTimeMs = 0;
  reviveQueueId = 0;
  info = new PopAnswerInfo();
  pieces: Buffer[] = [];
  messageCount = 0;
  totalBytes = 0;
  /** Messages left behind in the queues that were looked at. */
  restCount = 0;
  /** Why a queue was left out that the group may not read from the disk now; the shortest wait of them. */
  putOff: PutOff | undefined;
  /** Arrivals seen by the broker when the search began: with more at its end it is not held but begun again. */
  arrivalsBefore = 0;
  private inWork = false;

  constructor(
    place: PollPlace,
    connection: ServerConnection,
    readonly header: PopHeader,
    readonly terms: PopTerms,
    public grant: PopGrant,
  ) {
    super(place, connection);
    this.putOff = undefined;
  }

  get opaque(): number {
    return this.terms.opaque;
  }

  get serializeType(): SerializeType {
    return this.terms.serializeType;
  }

  get wantedCount(): number {
    return this.terms.maxCount - this.messageCount;
  }

  /** The broker works on it: a drain waits for it, and its connection is read more slowly. */
  beginWork(): void {
    if (this.inWork) return;
    this.inWork = true;
    this.connection.begin(this.terms.sizeBytes);
  }

  /** It is answered, or waits. */
  endWork(): void {
    if (!this.inWork) return;
    this.inWork = false;
    this.connection.end(this.terms.sizeBytes);
  }

  /** A new search begins. */
  begin(steps: readonly PopStep[], popTimeMs: number, reviveQueueId: number): void {
    this.steps = steps;
    this.stepIndex = 0;
    this.popTimeMs = popTimeMs;
    this.reviveQueueId = reviveQueueId;
    this.info = new PopAnswerInfo();
    this.pieces = [];
    this.messageCount = 0;
    this.totalBytes = 0;
    this.restCount = 0;
    this.putOff = undefined;
  }

  give(records: Buffer, count: number): void {
    this.pieces.push(records);
    this.messageCount += count;
    this.totalBytes += records.length;
  }
}
