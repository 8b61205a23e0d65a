import { describe, expect, it } from '@jest/globals';
import { RecordingLogger, SimulatedClock } from '@rocketmq-ts/testing';
import { MemoryLog } from '../test/memory-log.js';
import { ReplicaProgress, ReplicationProgress } from './replication-progress.js';
import { decideCopies, SyncPolicy, type SyncPolicyOptions } from './sync-policy.js';

describe('decideCopies', () => {
  it('gives every combination its row of the table', () => {
    const table: string[] = [];
    for (const autoInSyncReplicas of [false, true])
      for (const inSyncReplicas of [1, 2, 3])
        for (const minInSyncReplicas of [1, 2])
          for (const inSync of [1, 2, 3]) {
            const options = { inSyncReplicas, minInSyncReplicas, autoInSyncReplicas };
            const { wantedCopies, available, refusal } = decideCopies(options, inSync);
            const row = [autoInSyncReplicas ? 'auto' : 'fixed', inSyncReplicas, minInSyncReplicas];
            const kind = refusal ? 'refused' : available ? 'served' : 'unavailable';
            table.push(`${row.join(' ')} | ${inSync}: ${wantedCopies} ${kind}`);
          }
    // Mode, copies wanted, least | in sync: what sends wait for, and what becomes of them.
    expect(table).toEqual([
      ...['fixed 1 1 | 1: 1 served', 'fixed 1 1 | 2: 1 served', 'fixed 1 1 | 3: 1 served'],
      ...['fixed 1 2 | 1: 1 refused', 'fixed 1 2 | 2: 1 served', 'fixed 1 2 | 3: 1 served'],
      ...['fixed 2 1 | 1: 2 unavailable', 'fixed 2 1 | 2: 2 served', 'fixed 2 1 | 3: 2 served'],
      ...['fixed 2 2 | 1: 2 refused', 'fixed 2 2 | 2: 2 served', 'fixed 2 2 | 3: 2 served'],
      ...['fixed 3 1 | 1: 3 unavailable', 'fixed 3 1 | 2: 3 unavailable'],
      'fixed 3 1 | 3: 3 served',
      ...['fixed 3 2 | 1: 3 refused', 'fixed 3 2 | 2: 3 unavailable', 'fixed 3 2 | 3: 3 served'],
      ...['auto 1 1 | 1: 1 served', 'auto 1 1 | 2: 1 served', 'auto 1 1 | 3: 1 served'],
      ...['auto 1 2 | 1: 1 refused', 'auto 1 2 | 2: 1 served', 'auto 1 2 | 3: 1 served'],
      ...['auto 2 1 | 1: 1 served', 'auto 2 1 | 2: 2 served', 'auto 2 1 | 3: 2 served'],
      ...['auto 2 2 | 1: 2 refused', 'auto 2 2 | 2: 2 served', 'auto 2 2 | 3: 2 served'],
      ...['auto 3 1 | 1: 1 served', 'auto 3 1 | 2: 2 served', 'auto 3 1 | 3: 3 served'],
      ...['auto 3 2 | 1: 2 refused', 'auto 3 2 | 2: 2 served', 'auto 3 2 | 3: 3 served'],
    ]);
  });
});

describe('SyncPolicy', () => {
  const world = (options: SyncPolicyOptions) => {
    const clock = new SimulatedClock();
    const log = new MemoryLog();
    const progress = new ReplicationProgress();
    const logger = new RecordingLogger();
    const policy = new SyncPolicy({ log, progress, clock, logger }, options);
    let changes = 0;
    let slaves = 0;
    policy.onChange(() => changes++);
    const slave = (ackedOffset: number): ReplicaProgress => {
      const replica = new ReplicaProgress(0, 3_000, `slave ${++slaves}`);
      replica.acknowledge(ackedOffset, log.writtenOffset, clock.monotonicMs());
      progress.add(replica);
      return replica;
    };
    const acknowledge = (replica: ReplicaProgress, offset = log.writtenOffset): void => {
      replica.acknowledge(offset, log.writtenOffset, clock.monotonicMs());
      progress.changed();
    };
    return { clock, log, progress, logger, policy, slave, acknowledge, changes: () => changes };
  };

  it('counts what enough slaves have acknowledged, and a slave that left no more', () => {
    const { policy, slave, progress, log } = world({ inSyncReplicas: 3 });
    log.append('a');
    const fast = slave(17);
    expect(policy).toMatchObject({ copiedOffset: -1, available: false });
    slave(5);
    expect(policy).toMatchObject({ copiedOffset: 5, available: true });
    progress.remove(fast);
    expect(policy).toMatchObject({ copiedOffset: -1, available: false });
  });

  it('waits for nothing where one copy is enough', () => {
    expect(world({ inSyncReplicas: 1 }).policy).toMatchObject({
      copiedOffset: Infinity,
      available: true,
      refusal: undefined,
    });
  });

  it('gives a slave up that leaves something unacknowledged, and takes it back when it is in time', async () => {
    const { policy, slave, acknowledge, clock, log } = world({ inSyncReplicas: 2 });
    const replica = slave(0);
    log.append('a');
    await clock.advance(2_999);
    expect(policy.available).toBe(true);
    await clock.advance(300);
    expect(policy.available).toBe(false);
    const lateOffset = log.writtenOffset;
    log.append('b');
    acknowledge(replica, lateOffset);
    expect(policy.available).toBe(false);
    acknowledge(replica);
    expect(policy.available).toBe(true);
  });

  it('gives a slave up that is too far behind', async () => {
    const { policy, slave, clock, log } = world({ inSyncReplicas: 2, gapMaxBytes: 40 });
    slave(0);
    log.append('a');
    expect(policy.available).toBe(true);
    log.append('bb', 'cc');
    await clock.advance(250);
    expect(policy.available).toBe(false);
  });

  it('tells its listener only when something has changed', () => {
    const { policy, slave, acknowledge, log, changes } = world({ inSyncReplicas: 2 });
    log.append('a');
    const replica = slave(0);
    const before = changes();
    acknowledge(replica, 0);
    expect(changes()).toBe(before);
    acknowledge(replica);
    expect(changes()).toBe(before + 1);
    expect(policy.copiedOffset).toBe(log.writtenOffset);
  });

  it('says loudly that it waits for fewer copies than configured', () => {
    const { policy, slave, progress, logger } = world({
      inSyncReplicas: 2,
      autoInSyncReplicas: true,
    });
    const replica = slave(0);
    progress.remove(replica);
    expect(policy.status).toMatchObject({ configuredCopies: 2, wantedCopies: 1, available: true });
    expect(logger.lines.at(-1)).toMatchObject({
      level: 'error',
      event: 'sends wait for fewer copies than configured',
    });
  });
});
