import { isDeepStrictEqual } from 'node:util';
import { expect } from '@jest/globals';
import type { MessageStoreOptions } from '@rocketmq-ts/storage';
import { allQueues, anyMessage } from '@rocketmq-ts/testing/store';
import type { Sent, SimulatedStore } from '@rocketmq-ts/testing/store';
import type { ReplicaClientOptions } from '../src/index.js';
import { TwoMachines, type Death } from './two-machines.js';

const SLAVE_TIMEOUT_MS = 3_000;
const ANSWER_MS_MAX = SLAVE_TIMEOUT_MS + 1_000;
/** A silent connection is found out after 20 s and a try more; then the slave has some back-off left. */
const HEAL_MS_MAX = 40_000;
const STEP_MS = 10;
const LONG_STEP_MS = 200;

/** A message that was sent, of which the campaign remembers what it was told. */
interface Fact {
  readonly sent: Sent;
  readonly endOffset: number;
  readonly sentAtMs: number;
  /** Whether it stands in a queue. */
  readonly queued: boolean;
}

const TROUBLES = [
  'killMaster',
  'masterPower',
  'killSlave',
  'slavePower',
  'bothDie',
  'cut',
  'cutToServer',
  'cutToClient',
  'halfOpen',
  'reset',
  'pauseSlave',
  'slaveDiskFull',
] as const;
type Trouble = (typeof TROUBLES)[number];

/** What happened, so that a campaign that met nothing is found out. */
export interface CampaignTally {
  acknowledged: number;
  withoutCopy: number;
  refusals: number;
  takeovers: number;
  readonly troubles: Set<Trouble>;
}

/** A pair under sends of all kinds, to which bad things happen; all by seed. */
export class PairCampaign {
  readonly pair: TwoMachines;
  /** Messages of the master's present life. */
  private facts: Fact[] = [];
  /** Acknowledged with a copy: these must be on the slave, whatever happens to one machine. */
  private promised: Fact[] = [];
  /** The slave has had everything below, of the log as it is now. */
  private slaveHad = 0;
  private number = 0;

  constructor(
    readonly seed: number,
    store: Partial<MessageStoreOptions>,
    following: ReplicaClientOptions,
    private readonly tally: CampaignTally,
  ) {
    this.pair = new TwoMachines(seed, store, following);
  }

  async run(rounds: number): Promise<void> {
    const { pair } = this;
    await pair.startMaster();
    await pair.startSlave();
    await this.backToOk();
    for (let round = 0; round < rounds; round++) {
      const trouble = TROUBLES[pair.random.below(TROUBLES.length)]!;
      this.tally.troubles.add(trouble);
      pair.logger.info('trouble', { trouble, atMs: pair.clock.monotonicMs() });
      await this.load(100 + pair.random.below(400));
      await this.begin(trouble);
      await this.load(pair.random.below(pair.random.chance(0.3) ? 30_000 : 5_000));
      await this.heal();
      await this.backToOk();
      if (pair.random.chance(0.5)) await this.checkEqual();
    }
    await this.load(pair.random.below(500));
    if (pair.random.chance(0.5)) await this.checkTakeover();
    else await this.checkEqual();
    await pair.close();
  }

  private async begin(trouble: Trouble): Promise<void> {
    const { pair } = this;
    const { cable, random } = pair;
    switch (trouble) {
      case 'killMaster':
      case 'masterPower':
        this.endMaster(trouble === 'killMaster' ? 'kill' : 'losePower');
        break;
      case 'killSlave':
      case 'slavePower':
        this.endSlave(trouble === 'killSlave' ? 'kill' : 'losePower');
        break;
      case 'bothDie':
        // One loses its power, the other its process: two powers lost at once are two disks lost.
        this.endMaster(random.chance(0.5) ? 'losePower' : 'kill');
        await this.load(random.below(50));
        this.endSlave('kill');
        break;
      case 'cut':
        cable.set(false, false);
        break;
      case 'cutToServer':
        cable.set(false, true);
        break;
      case 'cutToClient':
        cable.set(true, false);
        break;
      case 'halfOpen':
        cable.forget();
        break;
      case 'reset':
        cable.reset();
        break;
      case 'pauseSlave':
        for (const end of cable.network.sockets) if (random.chance(0.8)) end.stalled = true;
        break;
      case 'slaveDiskFull':
        pair.slave.disk.capacityBytes = pair.slave.disk.usedBytes + random.below(20_000);
    }
    // A short trouble may end in the same breath.
    if (random.chance(0.2)) await this.heal();
  }

  private async heal(): Promise<void> {
    const { pair } = this;
    this.quickDisks();
    pair.cable.set(true, true);
    pair.slave.disk.capacityBytes = Number.MAX_SAFE_INTEGER;
    const late = pair.random.chance(0.5);
    if (!pair.slaveAlive && !late) await this.startSlave();
    if (!pair.masterAlive) await this.startMaster();
    if (!pair.slaveAlive) await this.startSlave();
  }

  private endMaster(how: Death): void {
    if (!this.pair.masterAlive) return;
    this.look();
    this.pair.endMaster(how);
    this.facts = [];
  }

  private endSlave(how: Death): void {
    if (!this.pair.slaveAlive) return;
    this.look();
    this.pair.endSlave(how);
  }

  /** What a killed process had acknowledged is there again; a power loss may take the newest of it, in ASYNC mode. */
  private async startMaster(): Promise<void> {
    await this.pair.startMaster();
  }

  private async startSlave(): Promise<void> {
    const { pair } = this;
    await pair.startSlave();
    const { endOffset } = pair.slave.store.replicaLog;
    if (pair.following.ack === 'flushed')
      expect(endOffset).toBeGreaterThanOrEqual(this.promisedEnd);
    expect(await pair.slave.drive(pair.slave.store.verify())).toEqual([]);
  }

  private get promisedEnd(): number {
    return this.promised.at(-1)?.endOffset ?? 0;
  }

  /** Sends, now and then, for so long, and looks at every step. */
  private async load(ms: number): Promise<void> {
    const { pair } = this;
    const { random } = pair;
    const untilMs = pair.clock.monotonicMs() + ms;
    pair.master.disk.latencyMsMax = random.below(5);
    pair.slave.disk.latencyMsMax = random.below(20);
    while (pair.clock.monotonicMs() < untilMs) {
      if (random.chance(0.3)) for (let i = random.below(8); i > 0; i--) this.send();
      // Nothing changes for long in a long trouble: larger steps.
      const stepMs = ms > 500 && random.chance(0.8) ? LONG_STEP_MS : STEP_MS;
      await pair.clock.advance(Math.min(stepMs, untilMs - pair.clock.monotonicMs()));
      this.look();
    }
  }

  private send(): void {
    const { master, masterAlive, random } = this.pair;
    if (!masterAlive || master.store.writeRefusal()) return;
    const count = random.chance(0.1) ? 3 : 1;
    const entries = Array.from({ length: count }, () => {
      const text = anyMessage(random, this.number++);
      return master.entry({ ...text, waitForStore: !random.chance(0.1) });
    });
    for (const sent of entries) this.judgeAnswer(sent);
    if (count === 1) master.store.append(entries[0]!);
    else master.store.appendBatch(entries);
    for (const sent of entries) {
      const kind = sent.sysFlag & 0xc;
      this.facts.push({
        sent,
        endOffset: sent.commitLogOffset + sent.sizeBytes,
        sentAtMs: this.pair.clock.monotonicMs(),
        queued: kind === 0 || kind === 0x8,
      });
    }
  }

  /** At the very moment of the answer: what is acknowledged is on the slave (P3). */
  private judgeAnswer(sent: Sent): void {
    const remember = sent.onStored.bind(sent);
    sent.onStored = (outcome) => {
      remember(outcome);
      if (outcome.kind === 'SLAVE_TIMEOUT' || outcome.kind === 'SLAVE_NOT_AVAILABLE')
        this.tally.withoutCopy++;
      if (outcome.kind !== 'OK' || !sent.waitForStore) return;
      this.noteSlave();
      const endOffset = sent.commitLogOffset + sent.sizeBytes;
      if (endOffset > this.slaveHad)
        this.fail(`acknowledged ${endOffset}, the slave has ${this.slaveHad}`);
      this.tally.acknowledged++;
      this.promised.push(this.facts.find((fact) => fact.sent === sent)!);
    };
  }

  private noteSlave(): void {
    if (!this.pair.slaveAlive) return;
    const { writtenOffset, flushedOffset } = this.pair.slave.store.replicaLog;
    const has = this.pair.following.ack === 'flushed' ? flushedOffset : writtenOffset;
    this.slaveHad = Math.max(this.slaveHad, has);
  }

  private readonly problems: string[] = [];

  private fail(problem: string): void {
    this.problems.push(problem);
  }

  private look(): void {
    this.noteSlave();
    const { pair } = this;
    if (pair.masterAlive) {
      const nowMs = pair.clock.monotonicMs();
      for (const fact of this.facts) this.lookAt(fact, nowMs);
      // What is answered and visible is settled.
      this.facts = this.facts.filter(({ sent }) => !sent.outcome || !this.isVisible(sent));
    }
    if (this.problems.length > 0) throw new Error(this.problems.slice(0, 5).join('\n'));
  }

  private isVisible(sent: Sent): boolean {
    return sent.queueOffset < sent.queue.maxOffset;
  }

  private lookAt({ sent, endOffset, sentAtMs, queued }: Fact, nowMs: number): void {
    const { outcome } = sent;
    if (!outcome && nowMs - sentAtMs > ANSWER_MS_MAX)
      this.fail(`${endOffset} has no answer for ${nowMs - sentAtMs} ms`);
    if (sent.outcomes > 1) this.fail(`${endOffset} was answered ${sent.outcomes} times`);
    const givenUp = outcome !== undefined && outcome.kind !== 'OK';
    if (
      queued &&
      sent.waitForStore &&
      this.isVisible(sent) &&
      !givenUp &&
      endOffset > this.slaveHad
    )
      this.fail(`${endOffset} is visible, the slave has ${this.slaveHad}`);
  }

  /** Without anybody's help sends are acknowledged again (P18), except that histories that forked wait for an operator (P19). */
  private async backToOk(): Promise<void> {
    const { pair } = this;
    await this.checkRefusal();
    const untilMs = pair.clock.monotonicMs() + HEAL_MS_MAX;
    for (;;) {
      const before = this.tally.acknowledged;
      await this.load(600);
      if (pair.repair) await this.repair();
      if (this.tally.acknowledged > before) return;
      if (pair.clock.monotonicMs() > untilMs) {
        const status = JSON.stringify(pair.client?.status);
        throw new Error(`no send is acknowledged after the trouble: ${status}`);
      }
    }
  }

  /** What looks at whole stores does not wait for a slow disk at each step. */
  private quickDisks(): void {
    this.pair.master.disk.latencyMsMax = 0;
    this.pair.slave.disk.latencyMsMax = 0;
  }

  /** A slave that is ahead of its master takes nothing from it. */
  private async checkRefusal(): Promise<void> {
    const { pair } = this;
    const { slave, master } = pair;
    await this.load(50);
    this.quickDisks();
    const ownEnd = slave.store.rawLog.writtenOffset;
    const commonEnd = await this.commonEnd();
    if (commonEnd >= ownEnd) return;
    this.tally.refusals++;
    if (pair.following.diverged !== 'refuse') return;
    const before = await slave.drive(slave.store.rawLog.checksum(0, ownEnd));
    await this.load(HEAL_MS_MAX);
    this.quickDisks();
    expect(pair.client!.status.refused).toBe(true);
    expect(slave.store.replicaLog.endOffset).toBe(ownEnd);
    expect(await slave.drive(slave.store.rawLog.checksum(0, ownEnd))).toBe(before);
    expect(master.store.writeRefusal()).toBeUndefined();
    const offset = (await slave.drive(slave.store.rawLog.boundaryBefore(commonEnd)))!;
    pair.repair = { kind: 'TRUNCATE', offset };
    await this.repair();
  }

  private async repair(): Promise<void> {
    const { pair } = this;
    this.quickDisks();
    const repair = pair.repair!;
    const offset = repair.kind === 'TRUNCATE' ? repair.offset : 0;
    // Whoever cuts the slave off gives up what only it had.
    this.promised = this.promised.filter(({ endOffset }) => endOffset <= offset);
    this.slaveHad = Math.min(this.slaveHad, offset);
    await pair.repairSlave(repair);
  }

  /** Up to here the two logs hold the same bytes. */
  private async commonEnd(): Promise<number> {
    const own = await logBytes(this.pair.slave);
    const theirs = await logBytes(this.pair.master);
    const length = Math.min(own.length, theirs.length);
    if (own.subarray(0, length).equals(theirs.subarray(0, length))) return length;
    for (let at = 0; ; at++) if (own[at] !== theirs[at]) return at;
  }

  /** Once the slave has everything, both are the same, and everything promised is in both. */
  private async checkEqual(): Promise<void> {
    const { pair } = this;
    const { master, slave } = pair;
    this.quickDisks();
    const untilMs = pair.clock.monotonicMs() + HEAL_MS_MAX;
    while (slave.store.replicaLog.writtenOffset < master.store.commitLogMaxOffset) {
      if (pair.clock.monotonicMs() > untilMs) throw new Error('the slave does not catch up');
      await pair.clock.advance(50);
    }
    // What waits for a sync of the slave, or for nothing any more, is seen then.
    await pair.clock.advance(ANSWER_MS_MAX);
    this.look();
    expect((await logBytes(slave)).equals(await logBytes(master))).toBe(true);
    const [there, here] = [await allQueues(slave), await allQueues(master)];
    expect(Object.keys(there).sort()).toEqual(Object.keys(here).sort());
    for (const [queue, messages] of Object.entries(here))
      expect({ queue, same: isDeepStrictEqual(there[queue], messages) }).toEqual({
        queue,
        same: true,
      });
    expect(await slave.drive(slave.store.verify())).toEqual([]);
    expect(await master.drive(master.store.verify())).toEqual([]);
    await this.checkPromises();
  }

  /** The master is gone for good, in the midst of it: the slave has all that was acknowledged (P3). */
  private async checkTakeover(): Promise<void> {
    const { pair } = this;
    this.tally.takeovers++;
    this.quickDisks();
    this.endMaster(pair.random.chance(0.5) ? 'kill' : 'losePower');
    if (pair.random.chance(0.5)) {
      this.endSlave('kill');
      await this.startSlave();
    }
    await pair.clock.advance(1_000);
    expect(await pair.slave.drive(pair.slave.store.verify())).toEqual([]);
    await this.checkPromises();
  }

  private async checkPromises(): Promise<void> {
    const log = await logBytes(this.pair.slave);
    for (const { sent, endOffset } of this.promised) {
      const record = log.subarray(sent.commitLogOffset, endOffset);
      const whole = record.length === sent.sizeBytes && record.readInt32BE(0) === sent.sizeBytes;
      const same = whole && record.includes(`UNIQ_KEY\u0001${sent.uniqKey}\u0002`);
      if (!same) this.fail(`${endOffset} was acknowledged, the slave does not have it`);
    }
    expect(this.problems).toEqual([]);
  }
}

/** The log as its files hold it, up to where it ends; no time passes. */
async function logBytes({ disk, store }: SimulatedStore): Promise<Buffer> {
  const directory = '/store/commitlog';
  const entries = await disk.list(directory);
  const files = entries.filter(({ name }) => /^\d{20}$/.test(name));
  const contents = await Promise.all(
    files.map(({ name }) => disk.readFile(`${directory}/${name}`)),
  );
  return Buffer.concat(contents.map((bytes) => bytes!)).subarray(0, store.rawLog.writtenOffset);
}
