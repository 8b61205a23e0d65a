import { beforeEach, describe, expect, it } from '@jest/globals';
import type { SubscriptionData } from '@rocketmq-ts/protocol';
import { SimulatedClock, SimulatedRandom } from '@rocketmq-ts/testing';
import { ConsumerGroups } from './consumer-groups.js';
import { ProducerGroups } from './producer-groups.js';

const connection = (id: number) => ({ id, remoteHostPort: `10.0.0.${id}:1`, closed: false });
type Connection = ReturnType<typeof connection>;
const subscription = (topic: string, subVersion = 1, subString = '*'): SubscriptionData => ({
  topic,
  subString,
  subVersion,
  classFilterMode: false,
  codeSet: [],
  expressionType: 'TAG',
  tagsSet: [],
});

const [one, two, three] = [connection(1), connection(2), connection(3)];
const client = (from: Connection) => ({
  connection: from,
  clientId: `client-${from.id}`,
  languageCode: 0,
  version: 513,
});
let clock: SimulatedClock;
let groups: ConsumerGroups<Connection>;
let changes: string[];

beforeEach(() => {
  clock = new SimulatedClock();
  const limits = { groupCountMax: 3, groupsPerConnectionMax: 2, subscriptionsPerGroupMax: 3 };
  groups = new ConsumerGroups(clock, limits, 1_000);
  changes = [];
  groups.onChanged(({ group, members }) => changes.push(`${group}:${members.size}`));
});

const beat = (from: Connection, group: string, ...subscriptions: SubscriptionData[]) =>
  groups.register(client(from), {
    group,
    consumeType: 'CONSUME_PASSIVELY',
    messageModel: 'CLUSTERING',
    consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
    subscriptions: subscriptions.length > 0 ? subscriptions : undefined,
  });

describe('ConsumerGroups', () => {
  it('tells of members that come and go, once each (I3)', () => {
    expect(beat(one, 'g', subscription('t'))).toBe('changed');
    expect(beat(one, 'g', subscription('t'))).toBe('unchanged');
    expect(beat(two, 'g', subscription('t'))).toBe('changed');
    groups.unregister('g', one);
    groups.unregister('g', one);
    groups.unregister('other', one);
    groups.drop(two);
    expect(changes).toEqual(['g:1', 'g:2', 'g:1', 'g:0']);
    expect(groups.find('g')).toBeUndefined();
  });

  it('knows what its members subscribe to, whoever comes, goes or changes his mind (I4)', () => {
    const random = new SimulatedRandom(11);
    let told = 0;
    groups.onVariantsChanged(() => told++);
    let disagreed = false;
    for (let step = 0; step < 2_000; step++) {
      const from = [one, two, three][random.below(3)]!;
      const action = random.below(6);
      const toldBefore = told;
      if (action < 4) beat(from, 'g', subscription('t', 1, ['a', 'b', 'c'][random.below(3)]));
      else if (action === 4) beat(from, 'g');
      else groups.unregister('g', from);
      const group = groups.find('g');
      const texts = [...(group?.members.values() ?? [])].flatMap(
        ({ variant }) => variant?.text ?? [],
      );
      const counted = new Map<string, number>();
      for (const text of texts) counted.set(text, (counted.get(text) ?? 0) + 1);
      const known = [...(group?.variants.values() ?? [])];
      expect(new Map(known.map(({ text, memberCount }) => [text, memberCount]))).toEqual(counted);
      const disagrees = counted.size > 1;
      if (disagrees !== disagreed) expect(told).toBe(toldBefore + 1);
      disagreed = disagrees;
    }
    expect(told).toBeGreaterThan(100);
  });

  it('finds a member by what it calls itself', () => {
    beat(one, 'g', subscription('t'));
    expect(groups.findMember('g', 'client-1')?.connection).toBe(one);
    expect(groups.findMember('g', 'client-2')).toBeUndefined();
    expect(groups.findMember('other', 'client-1')).toBeUndefined();
  });

  it('takes the newest expression of any member for all, without telling', () => {
    beat(one, 'g', subscription('t', 5, 'red'));
    beat(two, 'g', subscription('t', 7, 'blue'));
    expect(beat(one, 'g', subscription('t', 6, 'green'))).toBe('unchanged');
    expect(groups.find('g')!.subscriptions.get('t')).toMatchObject({ subString: 'blue' });
  });

  it('tells of topics that are new or gone', () => {
    beat(one, 'g', subscription('t'));
    expect(beat(one, 'g', subscription('t'), subscription('u'))).toBe('changed');
    expect(beat(one, 'g', subscription('u'))).toBe('changed');
    expect([...groups.find('g')!.subscriptions.keys()]).toEqual(['u']);
    expect(groups.groupsSubscribedTo('u')).toEqual(['g']);
    expect(groups.groupsSubscribedTo('t')).toEqual([]);
  });

  it('keeps subscriptions when a heartbeat leaves them out', () => {
    beat(one, 'g', subscription('t'));
    expect(beat(one, 'g')).toBe('unchanged');
    expect(groups.groupsSubscribedTo('t')).toEqual(['g']);
  });

  it('drops who is silent, and says whom', async () => {
    beat(one, 'g', subscription('t'));
    beat(two, 'g', subscription('t'));
    beat(one, 'h', subscription('t'));
    await clock.advance(900);
    beat(two, 'g', subscription('t'));
    await clock.advance(200);
    expect(groups.expire()).toEqual([one]);
    expect(groups.clientIds('g')).toEqual(['client-2']);
    expect(groups.find('h')).toBeUndefined();
    expect(groups.expire()).toEqual([]);
  });

  it('is bounded', () => {
    beat(one, 'g1', subscription('t'));
    beat(one, 'g2', subscription('t'));
    expect(beat(one, 'g3', subscription('t'))).toBe('too-many');
    beat(two, 'g3', subscription('t'));
    expect(beat(two, 'g4', subscription('t'))).toBe('too-many');
    expect(beat(three, 'g1', ...[1, 2, 3, 4].map((n) => subscription(`t${n}`)))).toBe('too-many');
    expect(groups.all().map(({ group }) => group)).toEqual(['g1', 'g2', 'g3']);
    groups.drop(one);
    expect(beat(one, 'g4', subscription('t'))).toBe('changed');
  });
});

describe('ProducerGroups', () => {
  it('knows who is there, within its bounds', async () => {
    const producers = new ProducerGroups<Connection>(
      clock,
      { groupCountMax: 2, groupsPerConnectionMax: 2 },
      1_000,
    );
    expect(producers.register('p', client(one))).toBe(true);
    expect(producers.register('q', client(one))).toBe(true);
    expect(producers.register('r', client(one))).toBe(false);
    expect(producers.register('r', client(two))).toBe(false);
    expect(producers.register('p', client(two))).toBe(true);
    expect(producers.members('p')).toHaveLength(2);
    producers.drop(one);
    expect(producers.groups()).toEqual(['p']);
    await clock.advance(1_500);
    expect(producers.expire()).toEqual([two]);
    expect(producers.groups()).toEqual([]);
  });
});
