import { describe, expect, it } from '@jest/globals';
import { planTimerRecovery, type TimerFindings } from './timer-recovery.js';

const CHECKPOINTS = ['OURS', 'APACHE', 'BACKUP', 'NONE'] as const;
const LOGS = ['REACHES', 'SHORT'] as const;
const SNAPSHOTS = ['FITS', 'NONE', 'OTHER_PRECISION'] as const;

const everything: TimerFindings[] = CHECKPOINTS.flatMap((checkpoint) =>
  LOGS.flatMap((log) => SNAPSHOTS.map((snapshot) => ({ checkpoint, log, snapshot }))),
);

describe('planTimerRecovery', () => {
  it('has one answer for each of the 24 cases', () => {
    const rows = everything.map((found) => [
      found.checkpoint,
      found.log,
      found.snapshot,
      planTimerRecovery(found).row,
    ]);
    expect(rows).toEqual([
      ['OURS', 'REACHES', 'FITS', 'R4'],
      ['OURS', 'REACHES', 'NONE', 'R5'],
      ['OURS', 'REACHES', 'OTHER_PRECISION', 'R2'],
      ['OURS', 'SHORT', 'FITS', 'R3'],
      ['OURS', 'SHORT', 'NONE', 'R3'],
      ['OURS', 'SHORT', 'OTHER_PRECISION', 'R2'],
      ['APACHE', 'REACHES', 'FITS', 'R6'],
      ['APACHE', 'REACHES', 'NONE', 'R7'],
      ['APACHE', 'REACHES', 'OTHER_PRECISION', 'R2'],
      ['APACHE', 'SHORT', 'FITS', 'R3'],
      ['APACHE', 'SHORT', 'NONE', 'R3'],
      ['APACHE', 'SHORT', 'OTHER_PRECISION', 'R2'],
      ['BACKUP', 'REACHES', 'FITS', 'R4'],
      ['BACKUP', 'REACHES', 'NONE', 'R5'],
      ['BACKUP', 'REACHES', 'OTHER_PRECISION', 'R2'],
      ['BACKUP', 'SHORT', 'FITS', 'R3'],
      ['BACKUP', 'SHORT', 'NONE', 'R3'],
      ['BACKUP', 'SHORT', 'OTHER_PRECISION', 'R2'],
      ['NONE', 'REACHES', 'FITS', 'R1'],
      ['NONE', 'REACHES', 'NONE', 'R1'],
      ['NONE', 'REACHES', 'OTHER_PRECISION', 'R1'],
      ['NONE', 'SHORT', 'FITS', 'R1'],
      ['NONE', 'SHORT', 'NONE', 'R1'],
      ['NONE', 'SHORT', 'OTHER_PRECISION', 'R1'],
    ]);
  });

  it('never goes on in the queue behind a log that it gives up', () => {
    for (const found of everything) {
      const { wheelFrom, logEnd, resumeAt } = planTimerRecovery(found);
      expect([wheelFrom === 'QUEUE', logEnd === 'EMPTY', resumeAt === 'QUEUE_START']).toEqual(
        new Array(3).fill(wheelFrom === 'QUEUE'),
      );
    }
  });

  it('never asks a checkpoint that is not there', () => {
    for (const found of everything) {
      const { readTime } = planTimerRecovery(found);
      expect(readTime === 'OLDEST').toBe(found.checkpoint === 'NONE');
    }
  });
});
