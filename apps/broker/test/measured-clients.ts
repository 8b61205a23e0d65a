/**
 * Clients of a measurement, in a process of their own: what they cost is not taken from those that are measured beside
 * them by anything but the machine. `measured-clients.ts '{"role":"produce",…}'` prints `ready`, and one line of JSON when
 * it is over; scanners and deaf consumers go on until SIGTERM.
 */
import { once } from 'node:events';
import { silentLogger } from '@rocketmq-ts/kernel';
import type { Network } from '@rocketmq-ts/kernel';
import { NodeClock, NodeNetwork } from '@rocketmq-ts/platform';
import { PullMessage, ResponseCode, SendMessageV2 } from '@rocketmq-ts/protocol';
import { RemotingClient } from '@rocketmq-ts/remoting';
import { pullRequest, sendRequest } from './requests.js';

/** A fixed number of messages under way, for a while or for a number of messages. */
export interface ProduceOrder {
  readonly role: 'produce';
  readonly address: string;
  readonly bodyBytes: number;
  readonly underWay: number;
  readonly forMs?: number;
  readonly untilCount?: number;
}

/** Groups that each read the first messages again and again, one pull under way each. */
export interface ScanOrder {
  readonly role: 'scan';
  readonly address: string;
  readonly groupPrefix: string;
  readonly groupCount: number;
  readonly messageCount: number;
}

/** Consumers that ask and never read an answer. */
export interface DeafOrder {
  readonly role: 'deaf';
  readonly address: string;
  readonly consumerCount: number;
  readonly pullsOfEach: number;
  readonly messageCount: number;
}

export type Order = ProduceOrder | ScanOrder | DeafOrder;

/** What a producer has seen. */
export interface Produced {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failures: number;
}

/** What scanners were given. */
export interface Scanned {
  readonly messages: number;
  readonly perSecond: number;
}

const CALL = { timeoutMs: 30_000 };
const terminated = once(process, 'SIGTERM');
// Without it nothing would keep a client alive whose requests are all answered.
const alive = setInterval(() => undefined, 60_000);
const TOPIC = 'orders';

const newClient = (network: Network = new NodeNetwork()): RemotingClient =>
  new RemotingClient({ network, clock: new NodeClock(), logger: silentLogger });

async function produce(order: ProduceOrder): Promise<Produced> {
  const { address, underWay, forMs = Infinity, untilCount = Infinity } = order;
  const client = newClient();
  const body = Buffer.alloc(order.bodyBytes, 'x');
  const times: number[] = [];
  let failures = 0;
  let started = 0;
  const startMs = performance.now();
  const worker = async (): Promise<void> => {
    while (performance.now() - startMs < forMs && started++ < untilCount) {
      const sentMs = performance.now();
      const request = sendRequest(TOPIC, body, {});
      const { code } = await client.exchange(address, SendMessageV2, request, CALL);
      times.push(performance.now() - sentMs);
      if (code !== ResponseCode.SUCCESS) failures++;
    }
  };
  await Promise.all(Array.from({ length: underWay }, worker));
  const tookMs = performance.now() - startMs;
  client.close();
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor((times.length - 1) * share)] ?? 0;
  return {
    perSecond: Math.round((times.length * 1_000) / tookMs),
    p50Ms: Number(at(0.5).toFixed(2)),
    p99Ms: Number(at(0.99).toFixed(2)),
    failures,
  };
}

const pull = (client: RemotingClient, address: string, group: string, queueOffset: number) =>
  client.exchange(
    address,
    PullMessage,
    pullRequest(TOPIC, queueOffset, { group, maxMsgNums: 32, holdMs: 2_000 }),
    CALL,
  );

async function scan(order: ScanOrder): Promise<Scanned> {
  const { address, groupPrefix, groupCount, messageCount } = order;
  const client = newClient();
  const startMs = performance.now();
  let stopped = false;
  let messages = 0;
  const worker = async (index: number): Promise<void> => {
    for (let offset = Math.floor((index * messageCount) / groupCount); !stopped;) {
      const answer = await pull(client, address, `${groupPrefix}-${index}`, offset);
      if (answer.code === ResponseCode.FLOW_CONTROL) continue;
      const next = Number(answer.ext().get('nextBeginOffset') ?? offset);
      if (!stopped) messages += Math.max(next - offset, 0);
      offset = next >= messageCount || next <= offset ? 0 : next;
    }
  };
  const workers = Promise.all(Array.from({ length: groupCount }, (_, index) => worker(index)));
  await terminated;
  stopped = true;
  const seconds = (performance.now() - startMs) / 1_000;
  await workers;
  client.close();
  return { messages, perSecond: Math.round(messages / seconds) };
}

/** Connections from which nothing is ever read. */
const deafNetwork = (): Network => {
  const network = new NodeNetwork();
  return {
    listen: (...to) => network.listen(...to),
    connect: (to, onConnection) =>
      network.connect(to, (socket) => {
        const events = onConnection(socket);
        socket.pause();
        return events;
      }),
  };
};

async function askAndStayDeaf(order: DeafOrder): Promise<Record<string, never>> {
  const clients = Array.from({ length: order.consumerCount }, () => newClient(deafNetwork()));
  clients.forEach((client, index) => {
    for (let p = 0; p < order.pullsOfEach; p++) {
      // Never answered, as far as this side looks.
      pull(client, order.address, `deaf-${index}`, (p * 97) % order.messageCount).catch(
        () => undefined,
      );
    }
  });
  await terminated;
  for (const client of clients) client.close();
  return {};
}

const carryOut = (order: Order): Promise<object> => {
  if (order.role === 'produce') return produce(order);
  return order.role === 'scan' ? scan(order) : askAndStayDeaf(order);
};

const order = process.argv[2];
if (order === undefined) throw new Error('usage: measured-clients.ts ORDER-AS-JSON');
console.log('ready');
console.log(JSON.stringify(await carryOut(JSON.parse(order) as Order)));
clearInterval(alive);
process.exit();
