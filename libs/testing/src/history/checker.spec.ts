import { describe, expect, it } from '@jest/globals';
import { checkHistory, isClean, type CheckReport } from './checker.js';
import { parseHistory, type HistoryEvent } from './history.js';

/** One producer, one send after the other into q0, everything acknowledged and drained by one reader. */
function goodHistory(count = 6): HistoryEvent[] {
  const events: HistoryEvent[] = [];
  for (let seq = 0; seq < count; seq++) {
    events.push({ type: 'invoke', id: `p-${seq}`, producer: 'p', seq, atUs: seq * 10 });
    events.push({ type: 'ok', id: `p-${seq}`, queue: 'q0', queueOffset: seq, atUs: seq * 10 + 5 });
    events.push({
      type: 'read',
      reader: 'r',
      queue: 'q0',
      queueOffset: seq,
      id: `p-${seq}`,
      intact: true,
    });
  }
  events.push({ type: 'drained', reader: 'r', queue: 'q0', minOffset: 0, maxOffset: count });
  return events;
}

const isRead = (id: string) => (event: HistoryEvent) => event.type === 'read' && event.id === id;

/** Each broken broker, what it does to a history, and the one finding that must give it away. */
const mutants: {
  does: string;
  break: (events: HistoryEvent[]) => HistoryEvent[];
  finds: keyof CheckReport;
}[] = [
  {
    does: 'loses the newest message',
    break: (events) => events.filter((event) => !isRead('p-5')(event)),
    finds: 'lost',
  },
  {
    does: 'loses a message in the middle',
    break: (events) => events.filter((event) => !isRead('p-3')(event)),
    finds: 'lost',
  },
  {
    does: 'leaves a hole in the queue',
    break: (events) => events.filter((event) => !isRead('p-3')(event)),
    finds: 'gaps',
  },
  {
    does: 'delivers what nobody sent',
    break: (events) => [
      ...events,
      { type: 'read', reader: 'r', queue: 'q0', queueOffset: 6, id: 'ghost', intact: true },
    ],
    finds: 'phantom',
  },
  {
    does: 'delivers what it refused',
    break: (events) => [
      ...events,
      { type: 'invoke', id: 'p-6', producer: 'p', seq: 6, atUs: 100 },
      { type: 'fail', id: 'p-6', atUs: 105 },
      { type: 'read', reader: 'r', queue: 'q0', queueOffset: 6, id: 'p-6', intact: true },
    ],
    finds: 'refusedButSeen',
  },
  {
    does: 'puts another message in a place that was taken',
    break: (events) => [
      ...events,
      { type: 'invoke', id: 'p-6', producer: 'p', seq: 6, atUs: 100 },
      { type: 'ok', id: 'p-6', queue: 'q0', queueOffset: 2, atUs: 105 },
      { type: 'read', reader: 'r2', queue: 'q0', queueOffset: 2, id: 'p-6', intact: true },
    ],
    finds: 'rewritten',
  },
  {
    does: 'acknowledges another offset than it uses',
    break: (events) =>
      events.map((event) =>
        event.type === 'ok' && event.id === 'p-2' ? { ...event, queueOffset: 17 } : event,
      ),
    finds: 'misplaced',
  },
  {
    does: 'swaps two messages of a producer',
    break: (events) =>
      events.map((event) => {
        if (event.type !== 'read' && event.type !== 'ok') return event;
        if (event.id === 'p-2') return { ...event, queueOffset: 3 };
        return event.id === 'p-3' ? { ...event, queueOffset: 2 } : event;
      }),
    finds: 'producerOrder',
  },
  {
    does: 'puts a later send of another producer first',
    break: (events) =>
      events.map((event) => {
        const renamed =
          event.type === 'invoke' && event.id === 'p-3'
            ? { ...event, producer: 'other', seq: 0 }
            : event;
        if (renamed.type !== 'read' && renamed.type !== 'ok') return renamed;
        if (renamed.id === 'p-2') return { ...renamed, queueOffset: 3 };
        return renamed.id === 'p-3' ? { ...renamed, queueOffset: 2 } : renamed;
      }),
    finds: 'realTimeOrder',
  },
  {
    does: 'stores a message twice',
    break: (events) => [
      ...events,
      { type: 'read', reader: 'r', queue: 'q0', queueOffset: 6, id: 'p-5', intact: true },
    ],
    finds: 'duplicatedPlaces',
  },
  {
    does: 'damages a body',
    break: (events) =>
      events.map((event) =>
        isRead('p-1')(event) ? ({ ...event, intact: false } as HistoryEvent) : event,
      ),
    finds: 'damaged',
  },
];

describe('checkHistory', () => {
  it('finds nothing in a history that kept every promise', () => {
    const report = checkHistory(goodHistory());
    expect(isClean(report)).toBe(true);
    expect(report).toMatchObject({ ackedCount: 6, readCount: 6, redeliveredCount: 0 });
  });

  it.each(mutants)('catches a broker that $does', ({ break: breakIt, finds }) => {
    const report = checkHistory(breakIt(goodHistory()));
    expect(isClean(report)).toBe(false);
    expect(report[finds]).not.toEqual([]);
  });

  it('allows redelivery of a place, and counts it', () => {
    const events = goodHistory();
    events.push({
      type: 'read',
      reader: 'r',
      queue: 'q0',
      queueOffset: 5,
      id: 'p-5',
      intact: true,
    });
    const report = checkHistory(events);
    expect(isClean(report)).toBe(true);
    expect(report.redeliveredCount).toBe(1);
  });

  it('allows a send of unknown outcome to be seen or not', () => {
    const unknown: HistoryEvent[] = [
      { type: 'invoke', id: 'p-6', producer: 'p', seq: 6, atUs: 100 },
      { type: 'unknown', id: 'p-6', atUs: 105 },
    ];
    expect(isClean(checkHistory([...goodHistory(), ...unknown]))).toBe(true);
    const seen: HistoryEvent = {
      type: 'read',
      reader: 'r',
      queue: 'q0',
      queueOffset: 6,
      id: 'p-6',
      intact: true,
    };
    expect(isClean(checkHistory([...goodHistory(), ...unknown, seen]))).toBe(true);
  });

  it('tells a lost tail from a hole and a lost beginning', () => {
    const without = (...ids: string[]) =>
      goodHistory().filter((event) => !(event.type === 'read' && ids.includes(event.id)));
    expect(checkHistory(without('p-0', 'p-2', 'p-5')).lost).toEqual([
      { id: 'p-0', place: 'prefix' },
      { id: 'p-2', place: 'middle' },
      { id: 'p-5', place: 'postfix' },
    ]);
  });

  it('orders only sends that did not overlap', () => {
    const events: HistoryEvent[] = [
      { type: 'invoke', id: 'a', producer: 'p', seq: 0, atUs: 0 },
      { type: 'invoke', id: 'b', producer: 'p', seq: 1, atUs: 1 },
      { type: 'ok', id: 'a', queue: 'q0', queueOffset: 1, atUs: 9 },
      { type: 'ok', id: 'b', queue: 'q0', queueOffset: 0, atUs: 9 },
      { type: 'read', reader: 'r', queue: 'q0', queueOffset: 0, id: 'b', intact: true },
      { type: 'read', reader: 'r', queue: 'q0', queueOffset: 1, id: 'a', intact: true },
    ];
    expect(isClean(checkHistory(events))).toBe(true);
  });
});

describe('parseHistory', () => {
  it('leaves out a last line that was cut off with its writer', () => {
    const whole = '{"type":"fault","what":"kill","atUs":1}\n';
    expect(parseHistory(`${whole}{"type":"fau`)).toHaveLength(1);
  });

  it('refuses a line in the middle that does not parse', () => {
    expect(() => parseHistory('{"type":\n{"type":"fault","what":"kill","atUs":1}\n')).toThrow(
      SyntaxError,
    );
  });
});
