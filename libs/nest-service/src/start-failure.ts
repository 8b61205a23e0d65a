import { ConfigError } from '@rocketmq-ts/config';
import { RocketMQError, traceOf } from '@rocketmq-ts/kernel';

/** A start that failed for a reason that an operator can remove; the message is one clear sentence. */
export class StartError extends RocketMQError {
  override readonly code = 'ROCKETMQ_START';
}

interface SystemError extends Error {
  readonly code?: string;
  readonly path?: string;
  readonly address?: string;
  readonly port?: number;
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission is missing'],
  ['EPERM', 'permission is missing'],
  ['EROFS', 'the filesystem is read-only'],
  ['ENOSPC', 'the disk is full'],
  ['ENOTDIR', 'a part of the path is not a folder'],
  ['EISDIR', 'it is a folder'],
  ['EMFILE', 'too many files are open (ulimit -n)'],
]);

/** What to tell an operator on stderr about a start that failed. */
export function startFailureText(program: string, error: unknown): string {
  if (error instanceof ConfigError)
    return `${program}: the configuration cannot be used.\n${error.message}`;
  if (error instanceof RocketMQError) return `${program}: ${error.message}`;
  const { code, path, address, port } = error as SystemError;
  if (code === 'EADDRINUSE')
    return `${program}: port ${port} on ${address} is in use by another process; stop that one or choose another port.`;
  if (code === 'EADDRNOTAVAIL')
    return `${program}: ${address} is not an address of this machine, so nothing can listen on it.`;
  if (code === 'EACCES' && port !== undefined)
    return `${program}: port ${port} may not be used by this user; choose one above 1023.`;
  const reason = code === undefined ? undefined : REASONS.get(code);
  if (reason !== undefined && path !== undefined)
    return `${program}: ${path} cannot be used: ${reason}.`;
  return `${program}: ${traceOf(error)}`;
}
