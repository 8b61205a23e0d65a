import type { LogFields, Logger } from '@rocketmq-ts/kernel';

/** Keeps what was logged. */
export class RecordingLogger implements Logger {
  readonly lines: { level: string; event: string; fields: LogFields }[] = [];

  debug(event: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'debug', event, fields });
  }
  info(event: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'info', event, fields });
  }
  warn(event: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'warn', event, fields });
  }
  error(event: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'error', event, fields });
  }

  count(level: string): number {
    return this.lines.filter((line) => line.level === level).length;
  }
}
