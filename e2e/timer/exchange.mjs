/**
 * Hands a store with waiting messages from broker to broker, ours and Apache's, and looks for messages that are lost or early.
 *
 *   node --import ./tools/dev/register.mjs e2e/timer/exchange.mjs [--ending stop|kill9]
 *
 * Each turn sends messages that fall due in its own turn and in later ones; the broker of the last turn delivers the rest.
 * Prints one line of JSON per run; exit code 1 where a message is lost or early. Repeats are counted.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { kill9, startApache, startOurs, stop } from '../cluster.mjs';
import { freePorts } from '../free-ports.mjs';
import { judge, pause, TimerClient } from './timer-client.mjs';

const { values } = parseArgs({ options: { ending: { type: 'string', default: 'stop' } } });
const TURNS = ['ours', 'apache', 'ours', 'apache', 'ours'];
const TOPIC = 'TimerExchange';
const MESSAGES_PER_TURN = 400;
const TURN_MS = 9_000;

const dir = mkdtempSync(join(tmpdir(), 'rocketmq-e2e-timer-'));
const storeDir = join(dir, 'store');
const ports = await freePorts();
const acknowledged = [];
let delivered = [];

try {
  for (const [turn, kind] of TURNS.entries()) {
    const last = turn === TURNS.length - 1;
    const clusterDir = join(dir, `cluster-${turn}`);
    mkdirSync(clusterDir);
    const start = kind === 'ours' ? startOurs : startApache;
    const cluster = await start({ dir: clusterDir, storeDir, ports });
    const client = new TimerClient(`127.0.0.1:${ports.broker}`);
    try {
      if (turn === 0) await client.send(TOPIC, 0, {}, Buffer.from('first'));
      await client.sendAll(TOPIC, last ? 0 : MESSAGES_PER_TURN, (number) => {
        const body = `${kind}-${turn}-${number}`;
        acknowledged.push(body);
        const dueMs = Date.now() + 1_000 + ((number * 7_919) % 70_000);
        return { body: Buffer.from(body), properties: { TIMER_DELIVER_MS: String(dueMs) } };
      });
      await pause(last ? 75_000 : TURN_MS);
      if (last) delivered = (await client.delivered(TOPIC)).filter(({ body }) => body !== 'first');
    } finally {
      client.close();
      if (values.ending === 'kill9' && !last) await kill9(cluster);
      await stop(cluster);
    }
  }
  const result = { ending: values.ending, turns: TURNS, ...judge(acknowledged, delivered) };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  if (result.lost > 0 || result.early > 0) process.exitCode = 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}
