import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { limitIn, openFileCountMax } from './open-file-limit.js';

describe('limit of open files', () => {
  it('is the soft one', () => {
    const text = [
      'Limit                     Soft Limit           Hard Limit           Units     ',
      'Max processes             96365                96365                processes ',
      'Max open files            1024                 524288               files     ',
    ].join('\n');
    expect(limitIn(text)).toBe(1024);
  });

  it('is unknown where there is none', () => {
    expect(
      limitIn('Max open files            unlimited            unlimited            files'),
    ).toBe(undefined);
    expect(limitIn('')).toBe(undefined);
  });

  (existsSync('/proc/self/limits') ? it : it.skip)('is what the shell says of this process', () => {
    const told = execFileSync('prlimit', [
      '--nofile',
      '--noheadings',
      '-o',
      'SOFT',
      '-p',
      `${process.pid}`,
    ]);
    expect(openFileCountMax()).toBe(Number(told.toString().trim()));
  });
});
