import { describe, expect, it } from '@jest/globals';
import { RecordingLogger, SimulatedClock } from '@rocketmq-ts/testing';
import { ConsumerGroups } from './consumer-groups.js';
import { SubscriptionGuard } from './subscription-guard.js';

function world() {
  const clock = new SimulatedClock();
  const logger = new RecordingLogger();
  const limits = { groupCountMax: 100, groupsPerConnectionMax: 100, subscriptionsPerGroupMax: 10 };
  const groups = new ConsumerGroups<ReturnType<typeof connection>>(clock, limits, 1e9);
  const guard = new SubscriptionGuard(clock, logger, groups);
  const warnings = () => logger.lines.filter(({ level }) => level === 'warn');
  return { clock, logger, groups, guard, warnings };
}
const connection = (id: number) => ({ id, remoteHostPort: `10.0.0.${id}:1`, closed: false });
const one = connection(1);
const two = connection(2);

function beat(
  { groups }: ReturnType<typeof world>,
  from: typeof one,
  subString: string,
  group = 'g',
) {
  const clientId = `client-${from.id}`;
  groups.register(
    { connection: from, clientId, languageCode: 0, version: 513 },
    {
      group,
      consumeType: 'CONSUME_PASSIVELY',
      messageModel: 'CLUSTERING',
      consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
      subscriptions: [
        {
          topic: 'orders',
          subString,
          subVersion: 1,
          classFilterMode: false,
          codeSet: [],
          expressionType: 'TAG',
          tagsSet: [],
        },
      ],
    },
  );
}

describe('SubscriptionGuard', () => {
  it('says at once who disagrees with whom, and shows it', () => {
    const its = world();
    beat(its, one, 'paid');
    beat(its, two, 'paid || cancelled');
    expect(its.warnings()).toHaveLength(1);
    const text = JSON.stringify(its.warnings()[0]);
    for (const part of [
      'client-1: ',
      'client-2: ',
      'orders TAG paid',
      'orders TAG cancelled||paid',
    ]) {
      expect(text).toContain(part);
    }
    expect([...its.guard.conflicts()]).toEqual([{ group: 'g', variantCount: 2 }]);
    expect(its.guard.partiesOf('g')).toEqual([
      {
        clientIds: ['client-1'],
        subscriptions: ['CLUSTERING CONSUME_PASSIVELY', 'orders TAG paid'],
      },
      {
        clientIds: ['client-2'],
        subscriptions: ['CLUSTERING CONSUME_PASSIVELY', 'orders TAG cancelled||paid'],
      },
    ]);
  });

  it('does not repeat itself with each heartbeat, but every five minutes while it lasts', async () => {
    const its = world();
    its.guard.start();
    for (let i = 0; i < 20; i++) {
      beat(its, one, 'paid');
      beat(its, two, '*');
    }
    expect(its.warnings()).toHaveLength(1);
    await its.clock.advance(300_000);
    expect(its.warnings()).toHaveLength(2);
    its.guard.stop();
    await its.clock.advance(600_000);
    expect(its.warnings()).toHaveLength(2);
  });

  it('says when they agree again, or one side has gone', () => {
    const its = world();
    beat(its, one, 'paid');
    beat(its, two, '*');
    beat(its, one, '*');
    expect(its.logger.lines.at(-1)).toMatchObject({ level: 'info' });
    expect([its.guard.conflictCount, its.guard.partiesOf('g')]).toEqual([0, []]);
    beat(its, one, 'paid');
    expect(its.guard.conflictCount).toBe(1);
    its.groups.drop(one);
    expect(its.guard.conflictCount).toBe(0);
  });

  it('names a bounded number of groups when it reminds', async () => {
    const its = world();
    its.guard.start();
    for (let i = 0; i < 30; i++) {
      beat(its, one, 'paid', `group-${i}`);
      beat(its, two, '*', `group-${i}`);
    }
    const before = its.warnings().length;
    await its.clock.advance(300_000);
    expect(its.warnings().length - before).toBe(21);
    expect(JSON.stringify(its.warnings().at(-1))).toContain('10');
    its.guard.stop();
  });
});
