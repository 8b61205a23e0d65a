import type { HistoryEvent } from './history.js';

/** Where among its producer's acknowledged sends a lost message lies. */
export type LossPlace = 'prefix' | 'middle' | 'postfix';

/** Everything that is wrong with a run, and the figures to publish. Empty lists everywhere mean that the promises held. */
export interface CheckReport {
  readonly ackedCount: number;
  readonly weakCount: number;
  readonly unknownCount: number;
  readonly failedCount: number;
  readonly readCount: number;
  readonly faultCount: number;
  /** R1: acknowledged, and no reader saw it. */
  readonly lost: readonly { readonly id: string; readonly place: LossPlace }[];
  /** R2: seen although nobody sent it. */
  readonly phantom: readonly string[];
  /** R2: seen although its send was definitely refused. */
  readonly refusedButSeen: readonly string[];
  /** R3: one place of a queue that held different messages at different times or for different readers. */
  readonly rewritten: readonly string[];
  /** R4: seen at another place than its acknowledgement said, and never at that one. */
  readonly misplaced: readonly string[];
  /** R5: places between min and max offset that a draining reader did not get. */
  readonly gaps: readonly string[];
  /** R6: of one producer in one queue, a later send at a lower offset. */
  readonly producerOrder: readonly string[];
  /** R7: a send that began after another was acknowledged, yet lies before it. */
  readonly realTimeOrder: readonly string[];
  /** R8: the same message at two places, though its send was acknowledged once: a producer's retry explains it or nothing does. */
  readonly duplicatedPlaces: readonly string[];
  /** R8: the same place read twice by one reader: redelivery, allowed at-least-once. */
  readonly redeliveredCount: number;
  /** R9: body, key, tag or property differs from what was sent. */
  readonly damaged: readonly string[];
}

interface Send {
  readonly id: string;
  readonly producer: string;
  readonly seq: number;
  readonly invokedUs: number;
  outcome: 'pending' | 'ok' | 'weak' | 'unknown' | 'fail';
  endedUs: number;
  /** `queue@offset` of the acknowledgement. */
  place: string | undefined;
}

/** True when nothing that the broker promises was broken. Redelivery is allowed. */
export const isClean = (report: CheckReport): boolean =>
  [
    report.lost,
    report.phantom,
    report.refusedButSeen,
    report.rewritten,
    report.misplaced,
    report.gaps,
    report.producerOrder,
    report.realTimeOrder,
    report.duplicatedPlaces,
    report.damaged,
  ].every((list) => list.length === 0);

/**
 * Checks a whole history against the promises (rules R1–R9). Needs no search: every append returns its offset, so order is
 * checked by walking each queue upwards.
 *
 * Producers must not retry an id by themselves: an id at two places is then always the broker's doing.
 */
export function checkHistory(events: Iterable<HistoryEvent>): CheckReport {
  const history = index(events);
  const { sends, placesOfId, idAtPlace } = history;

  const acked = [...sends.values()].filter((send) => send.outcome === 'ok');
  const seen = (id: string): boolean => placesOfId.has(id);
  return {
    ackedCount: acked.length,
    weakCount: count(sends, 'weak'),
    unknownCount: count(sends, 'unknown') + count(sends, 'pending'),
    failedCount: count(sends, 'fail'),
    readCount: history.readCount,
    faultCount: history.faultCount,
    lost: findLost(acked, seen),
    phantom: [...placesOfId.keys()].filter((id) => !sends.has(id)),
    refusedButSeen: [...placesOfId.keys()].filter((id) => sends.get(id)?.outcome === 'fail'),
    rewritten: history.rewritten,
    misplaced: acked
      .filter(
        (send) =>
          seen(send.id) && send.place !== undefined && idAtPlace.get(send.place) !== send.id,
      )
      .map(
        (send) =>
          `${send.id} acknowledged at ${send.place ?? '?'}, seen at ${[...(placesOfId.get(send.id) ?? [])].join(', ')}`,
      ),
    gaps: findGaps(history),
    producerOrder: findProducerOrder(history),
    realTimeOrder: findRealTimeOrder(history),
    duplicatedPlaces: [...placesOfId]
      .filter(([, places]) => places.size > 1)
      .map(([id, places]) => `${id} at ${[...places].join(', ')}`),
    redeliveredCount: history.redeliveredCount,
    damaged: history.damaged,
  };
}

interface IndexedHistory {
  readonly sends: Map<string, Send>;
  readonly placesOfId: Map<string, Set<string>>;
  readonly idAtPlace: Map<string, string>;
  /** Queue to offset to id, as read. */
  readonly queues: Map<string, Map<number, string>>;
  readonly drained: {
    readonly reader: string;
    readonly queue: string;
    readonly minOffset: number;
    readonly maxOffset: number;
  }[];
  /** `reader|queue` to offsets got. */
  readonly gotByReader: Map<string, Set<number>>;
  readonly rewritten: string[];
  readonly damaged: string[];
  readCount: number;
  redeliveredCount: number;
  faultCount: number;
}

function index(events: Iterable<HistoryEvent>): IndexedHistory {
  const history: IndexedHistory = {
    sends: new Map(),
    placesOfId: new Map(),
    idAtPlace: new Map(),
    queues: new Map(),
    drained: [],
    gotByReader: new Map(),
    rewritten: [],
    damaged: [],
    readCount: 0,
    redeliveredCount: 0,
    faultCount: 0,
  };
  const ends: Exclude<HistoryEvent, { type: 'invoke' | 'read' | 'drained' | 'fault' }>[] = [];
  for (const event of events) {
    switch (event.type) {
      case 'invoke':
        history.sends.set(event.id, {
          id: event.id,
          producer: event.producer,
          seq: event.seq,
          invokedUs: event.atUs,
          outcome: 'pending',
          endedUs: Infinity,
          place: undefined,
        });
        break;
      case 'read':
        noteRead(history, event);
        break;
      case 'drained':
        history.drained.push(event);
        break;
      case 'fault':
        history.faultCount++;
        break;
      default:
        ends.push(event);
    }
  }
  for (const event of ends) {
    const send = history.sends.get(event.id);
    if (!send) continue; // its invoke line was cut off with its writer; nothing can be said of it
    send.outcome = event.type;
    send.endedUs = event.atUs;
    if (event.type === 'ok' || event.type === 'weak')
      send.place = `${event.queue}@${event.queueOffset}`;
  }
  return history;
}

function noteRead(history: IndexedHistory, event: Extract<HistoryEvent, { type: 'read' }>): void {
  history.readCount++;
  const place = `${event.queue}@${event.queueOffset}`;
  if (!event.intact) history.damaged.push(`${event.id} at ${place} for ${event.reader}`);

  const before = history.idAtPlace.get(place);
  if (before === undefined) history.idAtPlace.set(place, event.id);
  else if (before !== event.id)
    history.rewritten.push(`${place}: ${before}, then ${event.id} for ${event.reader}`);

  getOrMake(history.placesOfId, event.id, () => new Set<string>()).add(place);
  getOrMake(history.queues, event.queue, () => new Map<number, string>()).set(
    event.queueOffset,
    event.id,
  );
  const got = getOrMake(
    history.gotByReader,
    `${event.reader}|${event.queue}`,
    () => new Set<number>(),
  );
  if (got.has(event.queueOffset)) history.redeliveredCount++;
  got.add(event.queueOffset);
}

/** Splits losses by where they lie among the acknowledged sends of their producer: it tells a lost tail from a hole. */
function findLost(
  acked: readonly Send[],
  seen: (id: string) => boolean,
): { id: string; place: LossPlace }[] {
  const byProducer = new Map<string, Send[]>();
  for (const send of acked) getOrMake(byProducer, send.producer, () => [] as Send[]).push(send);
  const lost: { id: string; place: LossPlace }[] = [];
  for (const sends of byProducer.values()) {
    sends.sort((a, b) => a.seq - b.seq);
    const first = sends.findIndex((send) => seen(send.id));
    const last = sends.findLastIndex((send) => seen(send.id));
    sends.forEach((send, position) => {
      if (seen(send.id)) return;
      const place = position > last ? 'postfix' : position < first ? 'prefix' : 'middle';
      lost.push({ id: send.id, place });
    });
  }
  return lost;
}

function findGaps({ drained, gotByReader }: IndexedHistory): string[] {
  const gaps: string[] = [];
  for (const { reader, queue, minOffset, maxOffset } of drained) {
    const got = gotByReader.get(`${reader}|${queue}`);
    for (let queueOffset = minOffset; queueOffset < maxOffset; queueOffset++) {
      if (!got?.has(queueOffset)) gaps.push(`${queue}@${queueOffset} for ${reader}`);
    }
  }
  return gaps;
}

/** Sends that may be placed in order: those whose outcome is known to be stored. */
const isPlaced = (send: Send | undefined): send is Send =>
  send?.outcome === 'ok' || send?.outcome === 'weak';

function* placedInOrder({
  queues,
  sends,
}: IndexedHistory): Generator<{ queue: string; placed: Send[] }> {
  for (const [queue, idAtOffset] of queues) {
    const offsets = [...idAtOffset.keys()].sort((a, b) => a - b);
    yield {
      queue,
      placed: offsets.map((offset) => sends.get(idAtOffset.get(offset) ?? '')).filter(isPlaced),
    };
  }
}

/**
 * Only sends that did not overlap are ordered: a producer with many sends in flight over one connection keeps no promise
 * for them, so the later one must have begun after the earlier one ended.
 */
function findProducerOrder(history: IndexedHistory): string[] {
  const violations: string[] = [];
  for (const { queue, placed } of placedInOrder(history)) {
    const newest = new Map<string, Send>();
    for (const send of placed) {
      const before = newest.get(send.producer);
      if (before && before.seq > send.seq && send.endedUs <= before.invokedUs)
        violations.push(`${queue}: ${send.id} lies behind ${before.id}`);
      if (!before || before.seq < send.seq) newest.set(send.producer, send);
    }
  }
  return violations;
}

/** Walking upwards: nobody may lie above a send that began after its own acknowledgement. */
function findRealTimeOrder(history: IndexedHistory): string[] {
  const violations: string[] = [];
  for (const { queue, placed } of placedInOrder(history)) {
    let latest: Send | undefined;
    for (const send of placed) {
      if (latest && send.endedUs < latest.invokedUs)
        violations.push(
          `${queue}: ${send.id} was acknowledged before ${latest.id} began, yet lies behind it`,
        );
      if (!latest || send.invokedUs > latest.invokedUs) latest = send;
    }
  }
  return violations;
}

function count(sends: Map<string, Send>, outcome: Send['outcome']): number {
  let total = 0;
  for (const send of sends.values()) if (send.outcome === outcome) total++;
  return total;
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
