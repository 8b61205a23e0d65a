/**
 * Kills our broker again and again while transactions are under way, and looks for commits that are lost and rollbacks that
 * are delivered.
 *
 *   node --import ./tools/dev/register.mjs e2e/transactions/kill-loop.mjs [--kills 6] [--mutant NAME]
 *
 * Prints one line of JSON; exit code 1 where a promise was broken. `--mutant` runs a broker that is broken on purpose, or
 * (`confuse-decisions`) a producer that commits what it says it rolled back: the run must then find something.
 */
import { parseArgs } from 'node:util';
import { breakBroker } from '../break-broker.mjs';
import { kill9, restart, startOurs, stop } from '../cluster.mjs';
import { pause } from '../timer/timer-client.mjs';
import { holds, judgeTransactions, planOf, TransactionClient } from './transaction-client.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '6' },
    mutant: { type: 'string' },
    // How long a sound broker may take to bring everything to an end.
    'settle-ms': { type: 'string', default: '25000' },
  },
});
const kills = Number(values.kills);
const TOPIC = 'TransactionKills';
const WORKERS = 24;
const LIFE_MS = 1_800;

/** Every 50th rollback is sent as a commit. */
class ConfusedClient extends TransactionClient {
  confused = 0;

  end(local, ...rest) {
    const confuse = local.decision === 'rollback' && ++this.confused % 50 === 0;
    return super.end(confuse ? { ...local, decision: 'commit' } : local, ...rest);
  }
}
const Client = values.mutant === 'confuse-decisions' ? ConfusedClient : TransactionClient;

/** Runs transactions until told otherwise; what is not acknowledged when the broker dies is not owed. */
async function produce(client, until) {
  const worker = async () => {
    while (Date.now() < until) {
      const mine = number++;
      try {
        await client.run(TOPIC, mine, `t${mine}`, planOf(mine));
      } catch {
        return; // the broker is dead
      }
      await pause(5);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
}

const ledger = new Map();
let number = 0;
const cluster = await startOurs({
  brokerConfig: {
    transactionTimeOut: 1_000,
    transactionCheckInterval: 1_000,
    transactionCheckBackoffMax: 2,
    transactionCheckMax: 1_000,
  },
});
const address = `127.0.0.1:${cluster.ports.broker}`;
let client = new Client(address, ledger);

async function result() {
  const delivered = (await client.delivered(TOPIC)).map(({ body }) => body);
  return {
    kills,
    ...judgeTransactions(
      ledger,
      delivered.filter((body) => body !== 'first'),
    ),
  };
}

try {
  await client.send(TOPIC, 0, {}, Buffer.from('first'));
  if (values.mutant !== undefined && Client === TransactionClient) {
    breakBroker(cluster, values.mutant);
    await restart(cluster);
    client.close();
    client = new Client(address, ledger);
  }
  await client.connect();
  for (let kill = 0; kill < kills; kill++) {
    const lifeMs = 300 + ((kill * 1_373) % LIFE_MS);
    const producing = produce(client, Date.now() + lifeMs + 200);
    await pause(lifeMs);
    await kill9(cluster);
    client.close();
    await producing;
    await restart(cluster);
    client = new Client(address, ledger);
    await client.connect();
  }
  await produce(client, Date.now() + 500);
  const until = Date.now() + Number(values['settle-ms']);
  let judged = await result();
  while (!holds(judged) && Date.now() < until) {
    await pause(1_000);
    judged = await result();
  }
  // What comes late must not be something that was rolled back.
  await pause(3_000);
  judged = await result();
  process.stdout.write(`${JSON.stringify(judged)}\n`);
  if (!holds(judged)) process.exitCode = 1;
} finally {
  client.close();
  await stop(cluster);
}
