import type { AnyCommand } from '../define-command.js';
import * as registry from './registry.js';

export * from './registry.js';
export * from './not-supported.js';
export * from './message/pull-answer.js';
export * from './message/pull-header.scanner.js';
export * from './transaction/end-transaction.scanner.js';
export * from './message/send-answer.js';
export { SendHeader } from './message/send-header.js';
export { SendHeaderScanner } from './message/send-header.scanner.js';
export type { CachedText } from './message/text-cache.js';
export { MSG_REGION_FIELD, TRACE_ON_FIELD } from './message/send-fields.js';

/** Every command that this implementation knows. */
export const commands = Object.values(registry);

type Registered = (typeof commands)[number];

/** Number of each request code, derived from the registry. */
export const RequestCode = Object.freeze(
  Object.fromEntries(commands.map((command) => [command.name, command.code])),
) as { readonly [C in Registered as C['name']]: C['code'] };

/** One of the numbers of `RequestCode`. */
export type RequestCode = Registered['code'];

const commandsByCode = new Map<number, AnyCommand>(
  commands.map((command): [number, AnyCommand] => [command.code, command]),
);

/** The declaration of a code, or undefined where it is not offered. */
export const commandOf = (code: number): AnyCommand | undefined => commandsByCode.get(code);
