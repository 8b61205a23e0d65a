/**
 * What the programs of a fault campaign saw, one event per line of JSON, one file per program. Times are microseconds of the
 * host's monotonic clock, so that events of different processes compare.
 */
export type HistoryEvent =
  /** A send begins. `id` is unique in the run; `producer` sends its `seq` 0, 1, 2 … */
  | {
      readonly type: 'invoke';
      readonly id: string;
      readonly producer: string;
      readonly seq: number;
      readonly atUs: number;
    }
  /**
   * A send ended. `ok`: acknowledged with full safety. `weak`: stored, with less safety than asked for (codes 10, 11, 12).
   * `unknown`: time-out, reset, one-way. `fail`: definitely refused, must never be seen.
   */
  | {
      readonly type: 'ok' | 'weak';
      readonly id: string;
      readonly queue: string;
      readonly queueOffset: number;
      readonly atUs: number;
    }
  | { readonly type: 'unknown' | 'fail'; readonly id: string; readonly atUs: number }
  /**
   * A reader got a message. `id` and `intact` come from the body: `intact` means that body, keys, tag and properties are what
   * the producer of that id sends.
   */
  | {
      readonly type: 'read';
      readonly reader: string;
      readonly queue: string;
      readonly queueOffset: number;
      readonly id: string;
      readonly intact: boolean;
    }
  /** A reader reached the end of a queue: everything from `minOffset` to `maxOffset` − 1 has been asked for. */
  | {
      readonly type: 'drained';
      readonly reader: string;
      readonly queue: string;
      readonly minOffset: number;
      readonly maxOffset: number;
    }
  /** Something was done to the system. */
  | { readonly type: 'fault'; readonly what: string; readonly atUs: number };

/** Parses a history file; a line cut off at the very end (its writer was killed) is left out. */
export function parseHistory(text: string): HistoryEvent[] {
  const lines = text.split('\n');
  const cutOff = lines.pop();
  const events = lines
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as HistoryEvent);
  if (cutOff === undefined || cutOff === '') return events;
  try {
    events.push(JSON.parse(cutOff) as HistoryEvent);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return events;
}
