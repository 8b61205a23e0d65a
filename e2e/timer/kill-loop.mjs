/**
 * Kills our broker again and again while timed messages fall due, and looks for those that are lost or early.
 *
 *   node --import ./tools/dev/register.mjs e2e/timer/kill-loop.mjs [--kills 8] [--rate 300]
 *
 * Prints one line of JSON; exit code 1 where a message is lost or early. Repeats are counted: a kill may cause them.
 */
import { parseArgs } from 'node:util';
import { kill9, restart, startOurs, stop } from '../cluster.mjs';
import { judge, pause, TimerClient } from './timer-client.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '8' },
    rate: { type: 'string', default: '300' },
    // Smaller than the delays: everything rolls on its way, and a kill repeats most of it.
    window: { type: 'string', default: '172800' },
  },
});
const [kills, rate] = [Number(values.kills), Number(values.rate)];
const TOPIC = 'TimerKills';
const LIFE_MS = 2_500;
const DELAY_MS_MAX = 12_000;

const cluster = await startOurs({ brokerConfig: { timerRollWindowSlot: Number(values.window) } });
const address = `127.0.0.1:${cluster.ports.broker}`;
const acknowledged = [];
let number = 0;
let client = new TimerClient(address);

/** Sends until told otherwise; what is not acknowledged when the broker dies is not owed. */
async function produce(of, until) {
  const worker = async () => {
    while (Date.now() < until) {
      const mine = number++;
      const body = `m${mine}`;
      const dueMs = Date.now() + 50 + ((mine * 7_919) % DELAY_MS_MAX);
      try {
        await of.send(TOPIC, mine, { TIMER_DELIVER_MS: String(dueMs) }, Buffer.from(body));
        acknowledged.push(body);
      } catch {
        return; // the broker is dead
      }
      await pause(1_000 / (rate / 20));
    }
  };
  await Promise.all(Array.from({ length: 20 }, worker));
}

try {
  await client.send(TOPIC, 0, {}, Buffer.from('first'));
  for (let kill = 0; kill < kills; kill++) {
    const lifeMs = 300 + ((kill * 1_373) % LIFE_MS);
    const producing = produce(client, Date.now() + lifeMs + 200);
    await pause(lifeMs);
    await kill9(cluster);
    client.close();
    await producing;
    await restart(cluster);
    client = new TimerClient(address);
  }
  await produce(client, Date.now() + 1_000);
  await pause(DELAY_MS_MAX + 3_000);
  const delivered = (await client.delivered(TOPIC)).filter(({ body }) => body !== 'first');
  const result = { kills, ...judge(acknowledged, delivered) };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  if (result.lost > 0 || result.early > 0) process.exitCode = 1;
} finally {
  client.close();
  await stop(cluster);
}
