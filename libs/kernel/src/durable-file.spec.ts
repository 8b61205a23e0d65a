import { beforeEach, describe, expect, it } from '@jest/globals';
import { DurableFile, DurableFileUnreadableError } from './durable-file.js';
import type { Disk, DiskFile } from './seams/disk.js';

/** Files in memory; fails at the step that `failAt` names and records every step. */
class MemoryDisk {
  readonly files = new Map<string, string>();
  readonly steps: string[] = [];
  failAt: string | undefined;

  step(name: string): void {
    this.steps.push(name);
    if (name === this.failAt) throw new Error(`${name} failed`);
  }

  asDisk(): Disk {
    const disk: Partial<Disk> = {
      makeDirectory: async (path) => this.step(`mkdir ${path}`),
      exists: async (path) => this.files.has(path),
      readFile: async (path) => {
        const text = this.files.get(path);
        return text === undefined ? undefined : Buffer.from(text);
      },
      rename: async (from, to) => {
        this.step(`rename ${from} ${to}`);
        this.files.set(to, this.files.get(from)!);
        this.files.delete(from);
      },
      syncDirectory: async (path) => this.step(`sync ${path}`),
      open: async (path) => {
        this.step(`open ${path}`);
        return this.file(path);
      },
    };
    return disk as Disk;
  }

  private file(path: string): DiskFile {
    const guarded = (name: string, work: () => void, done: (error?: Error) => void): void => {
      try {
        this.step(name);
        work();
      } catch (error) {
        return done(error as Error);
      }
      done(undefined);
    };
    const file: Partial<DiskFile> = {
      truncate: async () => void this.files.set(path, ''),
      write: ([bytes], _position, done) =>
        guarded('write', () => this.files.set(path, String(bytes)), done),
      dataSync: (done) => guarded('datasync', () => undefined, done),
      close: async () => this.step('close'),
    };
    return file as DiskFile;
  }
}

const whole = (bytes: Buffer): string => {
  const text = bytes.toString();
  if (!text.endsWith('.')) throw new Error('cut short');
  return text;
};

let memory: MemoryDisk;
let file: DurableFile;

beforeEach(() => {
  memory = new MemoryDisk();
  file = new DurableFile(memory.asDisk(), '/d/x');
});

describe('DurableFile.save', () => {
  it('syncs the new content before it touches the old one, and keeps that as .bak', async () => {
    await file.save(() => 'one.');
    await file.save(() => 'two.');
    expect(Object.fromEntries(memory.files)).toEqual({ '/d/x': 'two.', '/d/x.bak': 'one.' });
    expect(memory.steps.slice(-8)).toEqual([
      'mkdir /d',
      'open /d/x.tmp',
      'write',
      'datasync',
      'close',
      'rename /d/x /d/x.bak',
      'rename /d/x.tmp /d/x',
      'sync /d',
    ]);
  });

  it('leaves a readable file behind, whichever step fails (I1)', async () => {
    await file.save(() => 'one.');
    const steps = memory.steps.slice();
    for (const failing of ['mkdir /d', ...new Set(steps), 'rename /d/x /d/x.bak']) {
      memory.failAt = failing;
      await expect(file.save(() => 'two.')).rejects.toThrow('failed');
      memory.failAt = undefined;
      expect((await file.load(whole))?.value).toMatch(/^(one|two)\.$/);
      await file.save(() => 'one.');
    }
  });

  it('keeps what a save left behind that was cut off between its renames, should the next be cut off too (I1)', async () => {
    await file.save(() => 'one.');
    memory.failAt = 'rename /d/x.tmp /d/x';
    await expect(file.save(() => 'two.')).rejects.toThrow('failed');
    // The process is gone; what comes next goes by `two.` and may have told others so.
    for (const failing of [
      'rename /d/x.tmp /d/x',
      'open /d/x.tmp',
      'write',
      'rename /d/x /d/x.bak',
    ]) {
      memory.failAt = undefined;
      file = new DurableFile(memory.asDisk(), '/d/x');
      expect((await file.load(whole))?.value).toBe('two.');
      memory.failAt = failing;
      await expect(file.save(() => 'cut')).rejects.toThrow('failed');
    }
  });

  it('shares one more write among calls during a write, with the newest content (I3)', async () => {
    let content = 'a.';
    const saves = [file.save(() => content)];
    content = 'b.';
    saves.push(file.save(() => content));
    content = 'c.';
    saves.push(file.save(() => content));
    await Promise.all(saves);
    expect(memory.files.get('/d/x')).toBe('c.');
    expect(memory.steps.filter((step) => step === 'write')).toHaveLength(2);
  });
});

describe('DurableFile.load', () => {
  it('finds nothing where nothing was saved', async () => {
    expect(await file.load(whole)).toBeUndefined();
  });

  it('falls back to .tmp and .bak, and says why', async () => {
    memory.files.set('/d/x.bak', 'old.');
    expect(await file.load(whole)).toMatchObject({ value: 'old.', findings: [] });
    memory.files.set('/d/x.tmp', 'new.');
    expect(await file.load(whole)).toMatchObject({ value: 'new.', path: '/d/x.tmp' });
    memory.files.set('/d/x.tmp', 'ne');
    memory.files.set('/d/x', 'cu');
    expect(await file.load(whole)).toMatchObject({
      value: 'old.',
      path: '/d/x.bak',
      findings: ['/d/x: cut short'],
    });
  });

  it('never takes unreadable content for absent (I2)', async () => {
    memory.files.set('/d/x', 'cu');
    await expect(file.load(whole)).rejects.toThrow(DurableFileUnreadableError);
    memory.files.clear();
    memory.files.set('/d/x.tmp', 'cu');
    expect(await file.load(whole)).toBeUndefined();
  });
});
