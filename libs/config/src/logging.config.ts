import { ChoiceKey } from './config-key.decorator.js';

/** One line per event on standard output. */
export class LoggingConfig {
  static readonly group = 'logging';

  @ChoiceKey({ doc: 'text for people, json for machines.', choices: ['text', 'json'] })
  logFormat: 'text' | 'json' = 'text';

  @ChoiceKey({
    doc: 'Events below this level are dropped.',
    choices: ['debug', 'info', 'warn', 'error'],
    reloadable: true,
  })
  logLevel: 'debug' | 'info' | 'warn' | 'error' = 'info';
}
