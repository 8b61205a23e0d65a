import type { Clock, LogFields, Logger } from '@rocketmq-ts/kernel';

/** Levels in the order in which they are dropped. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Live settings: a change counts from the next event on. */
export interface LogSettings {
  readonly logFormat: 'text' | 'json';
  readonly logLevel: LogLevel;
}

/** Where lines go; each ends with a line break. */
export type LineSink = (line: string) => void;

/**
 * One line per event. `text` is `<time> <LEVEL> <event> <field>=<value> …` for people, `json` one object per line.
 *
 * Peers choose many of the values: whatever could start a line or move a cursor is escaped.
 */
export class StdoutLogger implements Logger {
  constructor(
    private readonly settings: LogSettings,
    private readonly clock: Pick<Clock, 'nowMs'>,
    private readonly sink: LineSink,
  ) {}

  debug(event: string, fields?: LogFields): void {
    this.write('debug', event, fields);
  }

  info(event: string, fields?: LogFields): void {
    this.write('info', event, fields);
  }

  warn(event: string, fields?: LogFields): void {
    this.write('warn', event, fields);
  }

  error(event: string, fields?: LogFields): void {
    this.write('error', event, fields);
  }

  private write(level: LogLevel, event: string, fields: LogFields = {}): void {
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(this.settings.logLevel)) return;
    // eslint-disable-next-line no-restricted-globals -- formats a time, does not read the clock
    const time = new Date(this.clock.nowMs()).toISOString();
    const line =
      this.settings.logFormat === 'json'
        ? jsonLine(time, level, event, fields)
        : textLine(time, level, event, fields);
    this.sink(`${line}\n`);
  }
}

function jsonLine(time: string, level: LogLevel, event: string, fields: LogFields): string {
  const own = { time, level, event };
  // Once for the order of keys, once more so that no field takes their place.
  return escaped(JSON.stringify({ ...own, ...fields, ...own }));
}

function textLine(time: string, level: LogLevel, event: string, fields: LogFields): string {
  let line = `${time} ${level.toUpperCase().padEnd(5)} ${escaped(JSON.stringify(event).slice(1, -1))}`;
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    line += ` ${name}=${typeof value === 'string' ? textValue(value) : String(value)}`;
  }
  return line;
}

/** Plain words stay as they are; everything else is quoted. */
const textValue = (value: string): string =>
  /^[\w.:/@%+,;|*()[\]-]+$/.test(value) ? value : escaped(JSON.stringify(value));

/** `JSON.stringify` escapes C0 controls; these remain: C1 controls, line separators, changes of writing direction. */
const escaped = (text: string): string =>
  text.replace(
    /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
