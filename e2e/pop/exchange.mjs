/**
 * Hands a store with popped messages from broker to broker, ours and Apache's, and looks for unacknowledged messages that do
 * not come again and for acknowledged ones that do.
 *
 *   node --import ./tools/dev/register.mjs e2e/pop/exchange.mjs
 *
 * Each turn but the last pops messages and acknowledges some, singly, together, or after a change of their invisible time; the
 * broker of the next turn must give the others, and only those, to the same group. Prints one line of JSON; exit code 1 where
 * it does not.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApache, startOurs, stop } from '../cluster.mjs';
import { freePorts } from '../free-ports.mjs';
import { pause } from '../timer/timer-client.mjs';
import { PopClient } from './pop-client.mjs';

const TURNS = ['ours', 'apache', 'ours'];
const TOPIC = 'PopExchange';
const GROUP = 'pop-exchange';
const PER_TURN = 120;
/** Longer than a turn and the stop of Apache's broker: what is not acknowledged is revived by the next broker. */
const INVISIBLE_MS = 30_000;
const CHANGED_MS = 32_000;
/** From the end of the invisible time on, what a revival may take; Apache's broker looks at its log after a start once in a while. */
const COMES_WITHIN_MS = CHANGED_MS + 15_000;

const dir = mkdtempSync(join(tmpdir(), 'rocketmq-e2e-pop-'));
const storeDir = join(dir, 'store');
const ports = await freePorts();
const must = (code) => {
  if (code !== 0) throw new Error(`an acknowledgement was answered with ${code}`);
};

/** Sends and pops messages and acknowledges some of them. @returns bodies of those that must come again */
async function leaveBehind(client, turn) {
  for (let number = 0; number < PER_TURN; number++) {
    await client.send(TOPIC, number, {}, Buffer.from(`${turn}-${number}`));
  }
  const open = new Set();
  const acked = new Set();
  const until = Date.now() + 10_000;
  while (open.size + acked.size < PER_TURN && Date.now() < until) {
    const messages = await client.pop(INVISIBLE_MS, 8);
    const [single, second, changed, changedAndAcked, ...rest] = messages;
    const [left, together] = [rest.slice(0, 2), rest.slice(2)];
    for (const message of [single, second]) if (message) must(await client.ack(message));
    if (changed) await client.postpone(changed, CHANGED_MS);
    if (changedAndAcked) must(await client.ack(await client.postpone(changedAndAcked, CHANGED_MS)));
    if (together.length > 0) must(await client.ackAll(together));
    for (const { body } of [changed, ...left].filter(Boolean)) open.add(body);
    for (const { body } of [single, second, changedAndAcked, ...together].filter(Boolean)) {
      acked.add(body);
    }
  }
  if (open.size + acked.size < PER_TURN) throw new Error(`only ${open.size + acked.size} popped`);
  return { open, acked };
}

/** Acknowledges all that comes and compares it with what was left behind. */
async function takeOver(client, { open, acked, poppedMs }) {
  const counts = new Map();
  while (Date.now() < poppedMs + COMES_WITHIN_MS) {
    for (const message of await client.pop(INVISIBLE_MS)) {
      counts.set(message.body, (counts.get(message.body) ?? 0) + 1);
      must(await client.ack(message));
    }
  }
  const bodies = [...counts.keys()];
  return {
    open: open.size,
    acked: acked.size,
    came: bodies.filter((body) => open.has(body)).length,
    twice: [...counts.values()].filter((count) => count > 1).length,
    ackedCame: bodies.filter((body) => acked.has(body)).length,
    unknown: bodies.filter((body) => !open.has(body) && !acked.has(body)).length,
  };
}

const results = [];
try {
  let before;
  for (const [turn, kind] of TURNS.entries()) {
    const clusterDir = join(dir, `cluster-${turn}`);
    mkdirSync(clusterDir);
    const start = kind === 'ours' ? startOurs : startApache;
    const cluster = await start({ dir: clusterDir, storeDir, ports });
    const client = new PopClient(`127.0.0.1:${ports.broker}`, TOPIC, GROUP);
    try {
      if (before) {
        const result = { from: TURNS[turn - 1], to: kind, ...(await takeOver(client, before)) };
        results.push(result);
        process.stderr.write(`${JSON.stringify(result)}\n`);
      }
      if (turn < TURNS.length - 1) {
        before = { ...(await leaveBehind(client, turn)), poppedMs: Date.now() };
        // Some of it leaves memory by itself, the rest when the broker stops.
        await pause(1_000);
      }
    } finally {
      client.close();
      await stop(cluster);
    }
  }
  process.stdout.write(`${JSON.stringify(results)}\n`);
  const isRight = ({ open, came, twice, ackedCame, unknown }) =>
    came === open && open > 0 && twice + ackedCame + unknown === 0;
  if (!results.every(isRight)) process.exitCode = 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}
