/**
 * Kills our broker again and again while timed messages fall due, and looks for those that are lost or early.
 *
 *   node --import ./tools/dev/register.mjs e2e/timer/kill-loop.mjs [--kills 8] [--rate 300] [--mutant NAME]
 *
 * Prints one line of JSON; exit code 1 where a message is lost or early. Repeats are counted: a kill may cause them.
 * `--mutant` runs a broker that is broken on purpose, or a producer that asks for an earlier time than it is owed
 * (`ask-too-early`): the run must then end with findings.
 */
import { parseArgs } from 'node:util';
import { kill9, restart, startOurs, stop } from '../cluster.mjs';
import { breakBroker } from '../break-broker.mjs';
import { judge, pause, TimerClient } from './timer-client.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '8' },
    rate: { type: 'string', default: '300' },
    // Smaller than the delays: everything rolls on its way, and a kill repeats most of it.
    window: { type: 'string', default: '172800' },
    'delay-max-ms': { type: 'string', default: '12000' },
    'settle-ms': { type: 'string', default: '3000' },
    mutant: { type: 'string' },
  },
});
const [kills, rate] = [Number(values.kills), Number(values.rate)];
const TOPIC = 'TimerKills';
const LIFE_MS = 2_500;
const DELAY_MS_MAX = Number(values['delay-max-ms']);
const EARLIER_MS = values.mutant === 'ask-too-early' ? 2_000 : 0;

const cluster = await startOurs({ brokerConfig: { timerRollWindowSlot: Number(values.window) } });
const address = `127.0.0.1:${cluster.ports.broker}`;
const acknowledged = [];
/** When each message is to come: what was asked for, whatever the broker makes of it. */
const dueMsOf = new Map();
let number = 0;
let client = new TimerClient(address);

/** Sends until told otherwise; what is not acknowledged when the broker dies is not owed. */
async function produce(of, until) {
  const worker = async () => {
    while (Date.now() < until) {
      const mine = number++;
      const body = `m${mine}`;
      const dueMs = Date.now() + 50 + ((mine * 7_919) % DELAY_MS_MAX);
      dueMsOf.set(body, dueMs);
      const property = String(dueMs - EARLIER_MS);
      try {
        await of.send(TOPIC, mine, { TIMER_DELIVER_MS: property }, Buffer.from(body));
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
  if (values.mutant !== undefined && EARLIER_MS === 0) {
    breakBroker(cluster, values.mutant);
    await restart(cluster);
    client.close();
    client = new TimerClient(address);
  }
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
  await pause(DELAY_MS_MAX + Number(values['settle-ms']));
  const delivered = (await client.delivered(TOPIC))
    .filter(({ body }) => body !== 'first')
    .map((message) => ({ ...message, dueMs: dueMsOf.get(message.body) }));
  const result = { kills, ...judge(acknowledged, delivered) };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  if (result.lost > 0 || result.early > 0) process.exitCode = 1;
} finally {
  client.close();
  await stop(cluster);
}
