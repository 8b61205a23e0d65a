/**
 * Hands a store with open transactions from broker to broker, ours and Apache's, and looks for commits that are lost or that
 * ours delivers twice, and for rollbacks that are delivered. (Apache's broker checks every time anew; a producer that answers
 * two checks gets its message delivered twice there.)
 *
 *   node --import ./tools/dev/register.mjs e2e/transactions/exchange.mjs
 *
 * Each turn begins transactions; the producer of some knows the decision only in the next turn, when another broker asks.
 * Prints one line of JSON; exit code 1 where a promise was broken.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApache, startOurs, stop } from '../cluster.mjs';
import { freePorts } from '../free-ports.mjs';
import { pause } from '../timer/timer-client.mjs';
import { holds, judgeTransactions, planOf, TransactionClient } from './transaction-client.mjs';

const TURNS = ['ours', 'apache', 'ours'];
const TOPIC = 'TransactionExchange';
const PER_TURN = 240;
const IN_FLIGHT = 16;
/** Apache's broker looks for open transactions every 2 s and notes decisions after 3 s. */
const TURN_MS = 9_000;
const brokerConfig = {
  transactionTimeOut: 1_500,
  transactionCheckInterval: 2_000,
  transactionCheckMax: 1_000,
};

const dir = mkdtempSync(join(tmpdir(), 'rocketmq-e2e-transactions-'));
const storeDir = join(dir, 'store');
const ports = await freePorts();
const ledger = new Map();
/** Transactions whose producer does not know in their own turn. */
const later = [];
let result;
const repeated = { ours: 0, apache: 0 };

/** Begins the transactions of a turn; every fourth is left open for the next one. */
async function begin(client, turn, kind) {
  let next = 0;
  const worker = async () => {
    while (next < PER_TURN) {
      const number = next++;
      const text = `${kind}-${turn}-${number}`;
      await client.run(TOPIC, number, text, planOf(number));
      const local = ledger.get(text);
      if (local.decidesAtOnce) continue;
      local.unknownChecks = Infinity;
      later.push(local);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

try {
  for (const [turn, kind] of TURNS.entries()) {
    const last = turn === TURNS.length - 1;
    const clusterDir = join(dir, `cluster-${turn}`);
    mkdirSync(clusterDir);
    const start = kind === 'ours' ? startOurs : startApache;
    const cluster = await start({ dir: clusterDir, storeDir, ports, brokerConfig });
    const client = new TransactionClient(`127.0.0.1:${ports.broker}`, ledger);
    try {
      if (turn === 0) await client.send(TOPIC, 0, {}, Buffer.from('first'));
      for (const local of later.splice(0)) local.unknownChecks = 0;
      await client.connect();
      if (!last) await begin(client, turn, kind);
      await pause(TURN_MS);
      const delivered = (await client.delivered(TOPIC)).map(({ body }) => body);
      result = judgeTransactions(
        ledger,
        delivered.filter((body) => body !== 'first'),
      );
      const open = later.filter(({ decision }) => decision === 'commit').length;
      result.lost -= open;
      repeated[kind] += result.repeated - repeated.ours - repeated.apache;
      process.stderr.write(`${kind}: ${JSON.stringify(result)}\n`);
    } finally {
      client.close();
      await stop(cluster);
    }
  }
  process.stdout.write(`${JSON.stringify({ turns: TURNS, ...result, repeated })}\n`);
  if (!holds(result) || repeated.ours > 0) process.exitCode = 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}
