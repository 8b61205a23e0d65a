import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '@rocketmq-ts/testing';
import { FileReadPace, type PacedRead } from './file-read-pace.js';

const SLICE_MS = 2;

class Bench {
  readonly clock = new SimulatedClock();
  readonly pace = new FileReadPace(this.clock, () => this.appendedBytes);
  appendedBytes = 0;

  async slice(appendedBytes = 0): Promise<void> {
    this.appendedBytes += appendedBytes;
    await this.clock.advance(SLICE_MS);
  }
}

/** A consumer that asks for the next messages as soon as it has some. */
class Scanner implements PacedRead {
  reads = 0;
  private isReading = false;

  constructor(
    private readonly pace: FileReadPace,
    private readonly bytesOfEach: number,
  ) {}

  goOn(): void {
    if (this.isReading) return;
    this.isReading = true;
    if (this.pace.enter(this)) this.run();
  }

  run(): void {
    this.reads++;
    this.isReading = false;
    this.pace.leave(this.bytesOfEach);
  }
}

const noRead: PacedRead = { run: () => undefined };

describe('FileReadPace', () => {
  it('lets every read go on at once while nobody appends', () => {
    const { pace } = new Bench();
    for (let i = 0; i < 1_000; i++) {
      expect(pace.enter(noRead)).toBe(true);
      pace.leave(1_000_000);
    }
    expect(pace.waitingCount).toBe(0);
  });

  it.each([
    [64, 40_000, 400_000],
    [1_000, 40_000, 400_000],
    [64, 262_144, 400_000],
    [64, 1_000_000, 5_000_000],
    // Looked at and not wanted.
    [1_000, 0, 400_000],
  ])(
    '%d readers of %d bytes get as much as is appended: %d bytes a slice',
    async (readers, bytesOfEach, appended) => {
      const bench = new Bench();
      const scanners = Array.from({ length: readers }, () => new Scanner(bench.pace, bytesOfEach));
      for (let slice = 0; slice < 500; slice++) {
        for (const scanner of scanners) scanner.goOn();
        await bench.slice(appended);
      }
      const reads = scanners.reduce((sum, scanner) => sum + scanner.reads, 0);
      const share = (reads * Math.max(bytesOfEach, 4_096)) / bench.appendedBytes;
      expect(share).toBeGreaterThan(0.9);
      expect(share).toBeLessThan(1.2);
    },
  );

  it('gives something in each slice, however little is appended', async () => {
    const bench = new Bench();
    bench.appendedBytes = 1;
    const scanners = Array.from({ length: 64 }, () => new Scanner(bench.pace, 32_768));
    for (let slice = 0; slice < 100; slice++) {
      for (const scanner of scanners) scanner.goOn();
      await bench.slice(1);
    }
    const reads = scanners.reduce((sum, scanner) => sum + scanner.reads, 0);
    // Eight in each, and those of the first that begins.
    expect(reads).toBeGreaterThanOrEqual(800);
    expect(reads).toBeLessThanOrEqual(808);
  });

  it('goes on with all that waits, in order, when appends have ceased', async () => {
    const bench = new Bench();
    bench.appendedBytes = 100;
    const order: number[] = [];
    for (let i = 0; i < 100; i++) {
      const read = { run: () => void order.push(i) };
      if (bench.pace.enter(read)) order.push(i);
    }
    expect(order).toHaveLength(8);
    await bench.slice();
    expect(order).toHaveLength(16);
    await bench.clock.advance(5 * SLICE_MS);
    expect(order).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(bench.pace.waitingCount).toBe(0);
    expect(bench.pace.enter(noRead)).toBe(true);
  });

  it('makes up for a long read in the slices that follow it', async () => {
    const bench = new Bench();
    bench.appendedBytes = 1;
    expect(bench.pace.enter(noRead)).toBe(true);
    bench.pace.leave(10 * 262_144);
    let hasRun = false;
    expect(bench.pace.enter({ run: () => (hasRun = true) })).toBe(false);
    let slices = 0;
    for (; !hasRun; slices++) await bench.slice(1);
    expect(slices).toBe(10);
  });

  it('counts reads that go on among themselves behind those that wait', async () => {
    const bench = new Bench();
    bench.appendedBytes = 1;
    const order: string[] = [];
    const again = { run: () => void order.push('again') };
    for (let i = 0; i < 8; i++) bench.pace.enter(noRead);
    bench.pace.enter({
      run: () => {
        order.push('first');
        bench.pace.enter(again);
      },
    });
    bench.pace.enter({ run: () => void order.push('second') });
    await bench.slice(1);
    await bench.slice(1);
    expect(order).toEqual(['first', 'second', 'again']);
  });
});
