import { describe, expect, it } from '@jest/globals';
import type { CheckpointValues } from '../checkpoint.js';
import type { SidecarState } from '../sidecar.js';
import { decideEnd, decideStart, type EndFacts, type StartFacts } from './commit-log.recovery.js';

const CHECKPOINT: CheckpointValues = {
  physicMsgTimestampMs: 500,
  logicsMsgTimestampMs: 500,
  indexMsgTimestampMs: 500,
  logicsPhysicalOffset: 900,
};

const STATE: SidecarState = {
  generation: 7,
  clean: false,
  segmentSizeBytes: 1000,
  writtenUpTo: 3000,
  syncedUpTo: 2000,
  logEndOffset: 3500,
  lastMessageOffset: 2900,
  lastStoreTimestampMs: 500,
  checkpoint: CHECKPOINT,
  bootId: 'boot',
};

const facts = (more: Partial<StartFacts>): StartFacts => ({
  abortPresent: true,
  sidecar: [STATE],
  checkpoint: CHECKPOINT,
  bootId: 'boot',
  segmentSizeBytes: 1000,
  logMinOffset: 1000,
  logEndOffset: 5000,
  remembersRecord: () => true,
  ...more,
});

describe('decideStart', () => {
  const clean = { ...STATE, clean: true };
  const other = { ...CHECKPOINT, physicMsgTimestampMs: 501 };
  const cases: [string, Partial<StartFacts>, string, number | undefined, number, boolean][] = [
    ['an empty log', { logEndOffset: 0, logMinOffset: 0 }, 'empty', 0, 0, false],
    ['an orderly stop', { abortPresent: false, sidecar: [clean] }, 'clean', 3500, 3500, false],
    [
      'an orderly stop and a new boot',
      { abortPresent: false, sidecar: [clean], bootId: 'new' },
      'clean',
      3500,
      3500,
      false,
    ],
    [
      'a start that was killed before it took anything',
      { sidecar: [clean] },
      'same-boot',
      3000,
      3000,
      false,
    ],
    ['a kill', {}, 'same-boot', 3000, 3000, false],
    ['a kill, abort removed by hand', { abortPresent: false }, 'same-boot', 3000, 3000, false],
    ['a power loss', { bootId: 'new' }, 'synced', 2000, 2000, true],
    ['an unknown boot', { bootId: undefined }, 'synced', 2000, 2000, true],
    [
      'two unknown boots',
      { bootId: '', sidecar: [{ ...STATE, bootId: '' }] },
      'synced',
      2000,
      2000,
      true,
    ],
    [
      'a crash between sidecar and checkpoint',
      { sidecar: [{ ...STATE, checkpoint: other }, STATE] },
      'same-boot',
      3000,
      3000,
      false,
    ],
    ['a checkpoint removed by hand', { checkpoint: undefined }, 'same-boot', 3000, 3000, false],
    [
      'an orderly stop of Apache after us',
      { abortPresent: false, checkpoint: other },
      'queues',
      undefined,
      0,
      false,
    ],
    ['a crash of Apache after us', { checkpoint: other }, 'checkpoint', undefined, 0, true],
    [
      'no sidecar, orderly stop',
      { abortPresent: false, sidecar: [] },
      'queues',
      undefined,
      0,
      false,
    ],
    ['no sidecar, crash', { sidecar: [] }, 'checkpoint', undefined, 0, true],
    [
      'neither sidecar nor checkpoint, crash',
      { sidecar: [], checkpoint: undefined },
      'whole-log',
      1000,
      0,
      true,
    ],
    [
      'neither sidecar nor checkpoint',
      { abortPresent: false, sidecar: [], checkpoint: undefined },
      'whole-log',
      1000,
      0,
      false,
    ],
    [
      'a sidecar that points beyond the files',
      { logEndOffset: 2500 },
      'checkpoint',
      undefined,
      0,
      true,
    ],
    [
      'a sidecar that points below the files',
      { logMinOffset: 2500 },
      'checkpoint',
      undefined,
      0,
      true,
    ],
    [
      'a sidecar of another segment size',
      { segmentSizeBytes: 500 },
      'checkpoint',
      undefined,
      0,
      true,
    ],
    [
      'a log that is not the one it remembers',
      { remembersRecord: () => false },
      'checkpoint',
      undefined,
      0,
      true,
    ],
  ];

  it.each(cases)(
    'after %s begins at the right place',
    (_name, more, basis, scanFrom, floor, loss) => {
      expect(decideStart(facts(more))).toMatchObject({
        basis,
        scanFrom,
        floorOffset: floor,
        powerLossPossible: loss,
        manifestCounts: ['clean', 'same-boot', 'synced'].includes(basis),
      });
    },
  );
});

describe('decideEnd', () => {
  const flags = [false, true];
  const all: EndFacts[] = flags.flatMap((reachesFloor) =>
    flags.flatMap((recordBehind) =>
      flags.flatMap((bytesBehind) =>
        flags.flatMap((powerLossPossible) =>
          flags.map((repair) => ({
            reachesFloor,
            recordBehind,
            bytesBehind,
            powerLossPossible,
            repair,
          })),
        ),
      ),
    ),
  );
  const verdicts = (select: (known: EndFacts) => boolean): string[] => [
    ...new Set(all.filter(select).map(decideEnd)),
  ];

  it('has a verdict for every case', () => {
    expect(all).toHaveLength(32);
    expect(verdicts(() => true).sort()).toEqual(
      ['cut', 'cut-keeping-copy', 'end', 'refuse', 'repair-cut', 'repair-gap'].sort(),
    );
  });

  it('never cuts below what the log is known to reach, unless repair was asked for', () => {
    expect(verdicts((known) => !known.reachesFloor && !known.repair)).toEqual(['refuse']);
    expect(verdicts((known) => !known.reachesFloor && known.repair).sort()).toEqual([
      'repair-cut',
      'repair-gap',
    ]);
  });

  it('takes a bad place with sound records behind for damage, when no power was lost', () => {
    const damage = (known: EndFacts) =>
      known.reachesFloor && known.recordBehind && !known.powerLossPossible;
    expect(verdicts((known) => damage(known) && !known.repair)).toEqual(['refuse']);
    expect(verdicts((known) => damage(known) && known.repair)).toEqual(['repair-gap']);
  });

  it('never removes whole records without a copy', () => {
    expect(
      verdicts((known) => known.reachesFloor && known.recordBehind && known.powerLossPossible),
    ).toEqual(['cut-keeping-copy']);
  });

  it('cuts a torn tail and leaves a clean end alone', () => {
    const tail = (known: EndFacts) => known.reachesFloor && !known.recordBehind;
    expect(verdicts((known) => tail(known) && known.bytesBehind)).toEqual(['cut']);
    expect(verdicts((known) => tail(known) && !known.bytesBehind)).toEqual(['end']);
  });
});
