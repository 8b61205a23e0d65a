import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as listenOn, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { type Program, Programs } from '@rocketmq-ts/testing';

/** What `npm start` runs. */
const programs = new Programs('tools/start/start.mjs');
jest.setTimeout(120_000);
afterAll(() => programs.close());

/** A nameserver takes two ports, a broker three; all of them are free a moment ago. */
async function freePorts(): Promise<{ nameserver: number; broker: number }> {
  const isFree = async (port: number): Promise<boolean> => {
    const server = listenOn().listen(port, '127.0.0.1');
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.close();
    return free;
  };
  for (;;) {
    const probe = listenOn().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const first = (probe.address() as AddressInfo).port;
    await new Promise((done) => probe.close(done));
    const all = await Promise.all([0, 1, 10, 8, 12].map((step) => isFree(first + step)));
    if (first < 64_000 && all.every(Boolean)) return { nameserver: first, broker: first + 10 };
  }
}

type Ports = Awaited<ReturnType<typeof freePorts>>;

const startCluster = (ports: Ports, dataDir: string): Program =>
  programs.run([
    `--nameserver-port=${ports.nameserver}`,
    `--broker-port=${ports.broker}`,
    `--data-dir=${dataDir}`,
  ]);

async function listening(server: Server, port: number): Promise<Server> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** A start that must not succeed says one sentence, and nothing that looks like success. */
async function refusalOf(cluster: Program): Promise<string> {
  const code = await cluster.ended;
  expect({ code, stdout: cluster.stdout }).toEqual({ code: 1, stdout: '' });
  expect(cluster.stderr.trim().split('\n')).toHaveLength(1);
  return cluster.stderr.trim();
}

describe('npm start', () => {
  it('runs a cluster until Ctrl-C, and a second one on the same data says who is in its way', async () => {
    const ports = await freePorts();
    const dataDir = join(programs.folder, 'data');
    const cluster = startCluster(ports, dataDir);
    try {
      await cluster.says(/is running/);
      expect(cluster.stdout).toContain(`127.0.0.1:${ports.nameserver}`);
      const ready = await fetch(`http://127.0.0.1:${ports.broker + 2}/readyz`);
      expect(ready.status).toBe(200);

      const second = startCluster(await freePorts(), dataDir);
      expect(await refusalOf(second)).toMatch(/the store is in use by another process/);
    } finally {
      cluster.child.kill('SIGINT');
    }
    expect(await cluster.ended).toBe(0);
    // Both processes are gone: their ports can be had.
    const servers = [ports.nameserver, ports.broker].map((port) => listening(listenOn(), port));
    for (const server of await Promise.all(servers)) server.close();
  });

  it('does not take a stranger that answers on one of its ports for its own broker', async () => {
    const ports = await freePorts();
    const stranger = createServer((_request, answer) => answer.end('ready'));
    await listening(stranger, ports.broker + 2);
    const refusal = await refusalOf(startCluster(ports, join(programs.folder, 'busy')));
    stranger.close();
    expect(refusal).toContain(`Port ${ports.broker + 2} on 127.0.0.1 is in use`);
  });

  it('names the folder that it cannot write', async () => {
    const file = programs.writeFile('file', '');
    const refusal = await refusalOf(startCluster(await freePorts(), file));
    expect(refusal).toMatch(/^Cannot write to the data folder .*file/);
  });
});
