/**
 * Kills our broker again and again while messages are popped, and looks for those that are lost, and for acknowledged ones
 * that come again although `docs/pop.md` says that they do not.
 *
 *   node --import ./tools/dev/register.mjs e2e/pop/kill-loop.mjs [--kills 6] [--mutant NAME]
 *
 * Consumers acknowledge at once, late, one by one, together, after a change of the invisible time, or not at all. At the end
 * all that comes is acknowledged: what then was never given to a consumer that said so is lost.
 * Prints one line of JSON; exit code 1 where a promise was broken. `--mutant` runs a broker that is broken on purpose, or
 * (`swallow-acks`) consumers that do not send all of their acknowledgements: the run must then find something.
 */
import { parseArgs } from 'node:util';
import { breakBroker } from '../break-broker.mjs';
import { kill9, restart, startOurs, stop } from '../cluster.mjs';
import { pause } from '../timer/timer-client.mjs';
import { PopClient } from './pop-client.mjs';
import { holds, PopLedger } from './pop-ledger.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '6' },
    mutant: { type: 'string' },
    // How long a sound broker may take to bring everything to an end.
    'settle-ms': { type: 'string', default: '25000' },
  },
});
const kills = Number(values.kills);
const TOPIC = 'PopKills';
const GROUP = 'pop-kills';
const PRODUCERS = 6;
const CONSUMERS = 12;
const LIFE_MS = 9_000;
/** In memory to their end; the last one is longer than what may stay there. */
const INVISIBLE_MS = [900, 1_300, 2_000, 3_000];
const STAY_MS = 500;
const SAVE_MS = 300;
/** What `docs/pop.md` says of repeats: stay, its slack, the interval of the saver; and what moving on and writing take. */
const WINDOW_MS = STAY_MS + 2_000 + SAVE_MS + 1_000;
/** The longest invisible time, and what the revive log takes longer. */
const COMES_WITHIN_MS = INVISIBLE_MS.at(-1) + 2_000;

const below = (limit) => Math.floor(Math.random() * limit);

/** Every 8th acknowledgement stays with it. */
class SwallowingClient extends PopClient {
  static swallowed = 0;

  ack(message) {
    return ++SwallowingClient.swallowed % 8 === 0 ? Promise.resolve(0) : super.ack(message);
  }
}
const Client = values.mutant === 'swallow-acks' ? SwallowingClient : PopClient;

const cluster = await startOurs({
  brokerConfig: { popCkStayBufferTime: STAY_MS, flushConsumerOffsetInterval: SAVE_MS },
});
const connect = () => new Client(`127.0.0.1:${cluster.ports.broker}`, TOPIC, GROUP);
const ledger = new PopLedger(WINDOW_MS);
let number = 0;
/** From then on producers do not pause and pops are small: a kill is to meet messages at every step of their way. */
let burstMs = Infinity;
let client = connect();

/** Runs something again and again until a time, or until the broker is dead. */
async function repeat(until, step) {
  while (Date.now() < until) {
    try {
      await step();
    } catch {
      return;
    }
  }
}

async function produce(of) {
  const mine = number++;
  const body = `p${mine}`;
  ledger.sending(body);
  await of.send(TOPIC, mine, {}, Buffer.from(body));
  ledger.sent(body);
  await pause(Date.now() < burstMs ? 25 : 0);
}

async function ack(of, messages, together = false) {
  ledger.trying(messages);
  if (together) {
    if ((await of.ackAll(messages)) === 0) ledger.acked(messages);
    return;
  }
  for (const message of messages) if ((await of.ack(message)) === 0) ledger.acked([message]);
}

async function postpone(of, message) {
  const later = await of.postpone(message, 800 + below(1_500));
  if (later && below(10) < 6) await ack(of, [later]);
}

/** What a consumer does with the messages of one pop. */
async function treat(of, messages, mood) {
  if (messages.length === 0) return;
  if (mood < 4) await ack(of, messages);
  else if (mood < 6) await ack(of, messages, true);
  else if (mood < 7) await ack(of, messages.slice(1));
  else if (mood < 8) await postpone(of, messages[0]);
  else if (mood < 9) {
    await pause(below(1_500));
    await ack(of, messages);
  }
  // Else it has forgotten them.
}

async function consume(of, moody) {
  const invisibleMs = moody ? INVISIBLE_MS[below(INVISIBLE_MS.length)] : 2_000;
  const countMax = Date.now() < burstMs ? 1 + below(16) : 1;
  const messages = await of.pop(invisibleMs, moody ? countMax : 32, 300);
  for (const message of messages) ledger.delivered(message);
  await treat(of, messages, moody ? below(10) : 0);
}

const many = (count, until, step) => Array.from({ length: count }, () => repeat(until, step));

/** Producers and moody consumers until a time, or until the broker is dead. */
const work = (of, until) =>
  Promise.all([
    ...many(PRODUCERS, until, () => produce(of)),
    ...many(CONSUMERS, until, () => consume(of, true)),
  ]);

const drain = (ms) => Promise.all(many(CONSUMERS, Date.now() + ms, () => consume(client, false)));

try {
  ledger.sending('first');
  await client.send(TOPIC, 0, {}, Buffer.from('first'));
  ledger.sent('first');
  if (values.mutant !== undefined && Client === PopClient) {
    breakBroker(cluster, values.mutant);
    await restart(cluster);
    client.close();
    client = connect();
  }
  for (let kill = 0; kill < kills; kill++) {
    const lifeMs = 700 + ((kill * 4_100) % LIFE_MS);
    burstMs = Date.now() + lifeMs - 250;
    const working = work(client, Date.now() + lifeMs + 200);
    await pause(lifeMs);
    ledger.killedMs.push(Date.now());
    await kill9(cluster);
    client.close();
    await working;
    burstMs = Infinity;
    await restart(cluster);
    client = connect();
  }
  await work(client, Date.now() + 1_000);
  const until = Date.now() + Number(values['settle-ms']);
  while (ledger.judge().lost > 0 && Date.now() < until) await drain(1_000);
  // What was acknowledged would come by then, if it came.
  await drain(COMES_WITHIN_MS);
  const judged = ledger.judge();
  process.stdout.write(`${JSON.stringify({ kills, ...judged })}\n`);
  if (!holds(judged)) process.exitCode = 1;
} finally {
  client.close();
  await stop(cluster);
}
