import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';

/** A directory of its own for the calling test file, removed after its last test. */
export function scratchDirectory(name: string): string {
  const path = mkdtempSync(join(tmpdir(), `rocketmq-ts-${name}-`));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
