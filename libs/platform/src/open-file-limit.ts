import { readFileSync } from 'node:fs';

const LIMIT_LINE = /^Max open files +(\d+|unlimited)/m;

/**
 * How many files and connections together this process may have open; undefined where the system does not say. Node has
 * already raised the soft limit (`ulimit -Sn`) to the hard one.
 */
export function openFileCountMax(): number | undefined {
  let limits: string;
  try {
    limits = readFileSync('/proc/self/limits', 'latin1');
  } catch {
    // Not Linux, or no /proc.
    return undefined;
  }
  return limitIn(limits);
}

/** The soft limit in the text of Linux's `/proc/<pid>/limits`; undefined where there is none. */
export function limitIn(limits: string): number | undefined {
  const found = LIMIT_LINE.exec(limits)?.[1];
  return found === undefined || found === 'unlimited' ? undefined : Number(found);
}
