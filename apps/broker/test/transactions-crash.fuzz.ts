import { describe, expect, it } from '@jest/globals';
import {
  CheckTransactionState,
  codec,
  EndTransaction,
  MessageSysFlag,
  SendMessageV2,
  UpdateAndCreateTopic,
} from '@rocketmq-ts/protocol';
import { checkHistory, type CheckReport, type HistoryEvent } from '@rocketmq-ts/testing';
import { heartbeat } from './heartbeat.js';
import { newTopic, sendRequest } from './requests.js';
import { BROKER, newWorld, SimulatedBroker } from './simulated-broker.js';

/** `TRANSACTION_SEEDS=from-to` runs other seeds; a failure names its seed. */
const [firstSeed = 1, lastSeed = 2] = (process.env['TRANSACTION_SEEDS'] ?? '1-2')
  .split('-')
  .map(Number);
const ROUNDS = 5;
const { TRANSACTION_COMMIT: COMMIT, TRANSACTION_ROLLBACK: ROLLBACK } = MessageSysFlag;

const SETTINGS = `
transactionTimeOut=1000
transactionCheckInterval=1000
transactionCheckBackoffMax=2
transactionCheckMax=1000
flushConsumerOffsetInterval=700
`;

/** What a producer knows of one of its transactions; it says the same whenever it is asked. */
interface LocalTransaction {
  readonly decision: typeof COMMIT | typeof ROLLBACK;
  /** Checks that it answers with "unknown" before it knows. */
  unknownChecks: number;
  acked: boolean;
}

/**
 * One broker, killed again and again, and one producer. Half of the transactions are decided at once – by a message that the
 * kill may swallow –, the others when the broker asks.
 */
class Campaign {
  private broker!: SimulatedBroker;
  private readonly local = new Map<string, LocalTransaction>();
  private readonly events: HistoryEvent[] = [];
  private life = 0;
  private number = 0;
  checks = 0;
  kills = 0;

  constructor(
    readonly seed: number,
    private readonly how: 'process' | 'power',
  ) {}

  async run(): Promise<void> {
    const settings = this.settings;
    this.broker = await SimulatedBroker.start(settings, newWorld(this.seed));
    await this.broker.call(UpdateAndCreateTopic, newTopic('orders'));
    for (let round = 0; round < ROUNDS; round++) {
      await this.connect();
      await this.load();
      this.life++;
      this.kills++;
      this.broker.kill(this.how);
      await this.broker.world.clock.advance(200);
      await this.broker.startAgain(settings);
    }
    await this.connect();
    for (let i = 0; i < 30; i++) {
      await heartbeat(this.broker, { producerGroups: ['producers'] });
      await this.broker.pass(1_000);
    }
  }

  private get settings(): string {
    return this.how === 'power' ? `${SETTINGS}flushDiskType=SYNC_FLUSH\n` : SETTINGS;
  }

  private async connect(): Promise<void> {
    const { decodeRequest } = codec(CheckTransactionState);
    this.broker.client.handle(CheckTransactionState.code, (frame) => {
      const { header } = decodeRequest(frame.ext(), frame.body);
      this.checks++;
      const known = this.local.get(header.msgId!);
      if (!known) throw new Error(`asked about ${header.msgId}, which was never sent`);
      if (known.unknownChecks-- > 0) return;
      this.end(header.msgId!, header, known.decision, true);
    });
    await heartbeat(this.broker, { producerGroups: ['producers'] });
  }

  private async load(): Promise<void> {
    const { random } = this.broker.world;
    const bursts = 2 + random.below(12);
    for (let burst = 0; burst < bursts; burst++) {
      for (let i = 1 + random.below(12); i > 0; i--) this.begin();
      await this.broker.pass(random.chance(0.2) ? 3_000 : random.below(400));
    }
    for (let i = random.below(10); i > 0; i--) this.begin();
    await this.broker.world.clock.advance(random.below(100) / 20);
  }

  /** Sends a half message and, half of the time, the decision. */
  private begin(): void {
    const { random, clock } = this.broker.world;
    const id = `T${this.number++}`;
    const transaction: LocalTransaction = {
      decision: random.chance(0.6) ? COMMIT : ROLLBACK,
      unknownChecks: random.chance(0.3) ? random.below(3) : 0,
      acked: false,
    };
    this.local.set(id, transaction);
    const { life } = this;
    const atOnce = random.chance(0.5);
    const request = sendRequest('orders', id, {
      queueId: 0,
      properties: { TRAN_MSG: 'true', PGROUP: 'producers', UNIQ_KEY: id },
      header: {
        sysFlag: MessageSysFlag.TRANSACTION_PREPARED,
        bornTimestampMs: clock.nowMs(),
      },
    });
    this.broker.client.exchange(BROKER, SendMessageV2, request, { timeoutMs: 60_000 }).then(
      (answer) => {
        if (answer.code !== 0 || life !== this.life) return;
        transaction.acked = true;
        if (!atOnce) return;
        const ext = answer.ext();
        const half = {
          queueOffset: Number(ext.get('queueOffset')),
          commitLogOffset: Number.parseInt(ext.get('msgId')!.slice(-16), 16),
        };
        this.end(id, half, transaction.decision, false);
      },
      () => undefined,
    );
  }

  private end(
    id: string,
    { queueOffset, commitLogOffset }: { queueOffset: number; commitLogOffset: number },
    commitOrRollback: number,
    fromTransactionCheck: boolean,
  ): void {
    const header = {
      producerGroup: 'producers',
      queueOffset,
      commitLogOffset,
      commitOrRollback,
      fromTransactionCheck,
      msgId: id,
    };
    // As Java's client: one-way, and nobody notices when it is lost.
    this.broker.client
      .oneWay(BROKER, EndTransaction, { header, body: null })
      .catch(() => undefined);
  }

  /** The promise, in the words of the history checker: commits are sends, rollbacks are refused sends. */
  async report(): Promise<CheckReport> {
    for (const [id, { decision, acked }] of this.local) {
      const begun = { id, producer: id, seq: 0, atUs: 0 };
      this.events.push({ type: 'invoke', ...begun });
      if (decision === ROLLBACK) this.events.push({ type: 'fail', id, atUs: 0 });
      else if (!acked) this.events.push({ type: 'unknown', id, atUs: 0 });
    }
    const seen = await this.readAll();
    for (const [id, { decision, acked }] of this.local) {
      if (decision !== COMMIT || !acked) continue;
      const places = seen.get(id) ?? [];
      const queueOffset = places[0] ?? -1;
      this.events.push({ type: 'ok', id, queue: 'orders', queueOffset, atUs: 0 });
    }
    return checkHistory(this.events);
  }

  private async readAll(): Promise<Map<string, number[]>> {
    const seen = new Map<string, number[]>();
    let maxOffset = 0;
    for (let at = 0; ;) {
      const { records, ext } = await this.broker.pull('orders', at);
      maxOffset = Number(ext.get('maxOffset'));
      for (const { body: id, queueOffset } of records) {
        const read = { reader: 'r', queue: 'orders', queueOffset, id, intact: true };
        this.events.push({ type: 'read', ...read });
        seen.set(id, [...(seen.get(id) ?? []), queueOffset]);
        at = queueOffset + 1;
      }
      if (records.length === 0) break;
    }
    this.events.push({ type: 'drained', reader: 'r', queue: 'orders', minOffset: 0, maxOffset });
    return seen;
  }

  /** What the broker still holds open, and how many of them it parked. */
  async leftovers(): Promise<{ open: number; parked: number }> {
    const text = await this.broker.fileText('/store/config/consumerOffset.json');
    const done = Number(/HALF_TOPIC@CID_RMQ_SYS_TRANS":\{\s*0:(\d+)/.exec(text ?? '')?.[1]);
    const half = await this.broker.pull('RMQ_SYS_TRANS_HALF_TOPIC', 0);
    const parked = await this.broker.pull('TRANS_CHECK_MAX_TIME_TOPIC', 0);
    return { open: Number(half.ext.get('maxOffset')) - done, parked: parked.records.length };
  }

  stop(): Promise<readonly string[]> {
    return this.broker.stop();
  }
}

describe.each(['process', 'power'] as const)('transactions over the loss of the %s', (how) => {
  const seeds = Array.from({ length: lastSeed - firstSeed + 1 }, (_, i) => firstSeed + i);

  it.each(seeds)(
    'are decided as their producer said, each once (seed %i)',
    async (seed) => {
      const campaign = new Campaign(seed, how);
      await campaign.run();
      const { lost, refusedButSeen, phantom, duplicatedPlaces, gaps, ackedCount } =
        await campaign.report();
      expect({ lost, refusedButSeen, phantom, gaps }).toEqual({
        lost: [],
        refusedButSeen: [],
        phantom: [],
        gaps: [],
      });
      // Allowed across a crash; the index of keys finds them all.
      expect(duplicatedPlaces).toEqual([]);
      expect(ackedCount).toBeGreaterThan(20);
      expect(campaign.checks).toBeGreaterThan(20);
      expect(await campaign.leftovers()).toEqual({ open: 0, parked: 0 });
      expect(await campaign.stop()).toEqual([]);
    },
    120_000,
  );
});
