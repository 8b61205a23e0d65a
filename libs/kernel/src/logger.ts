/** Facts that go with an event: short names, plain values; units in the names. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** One line per event. `event` is a short sentence in plain words; the details are fields. */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** Drops everything: for tests and for programs that embed a library and do not care. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
