// The services must also start on the newest long-term-support release of Node, whichever one runs the tests.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** Major version of Node's current LTS; the npm package `node` brings its binary. */
const LTS_MAJOR = '24';
const START_DEADLINE_MS = 30_000;

const freePort = () =>
  new Promise((done, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

/** Three ports in a row that the broker takes: N-2, N and N+2 are asked for one by one until all are free. */
async function freeBrokerPort() {
  for (let tries = 0; tries < 50; tries++) {
    const port = await freePort();
    const all = await Promise.all([port - 2, port + 1, port + 2].map(isFree));
    if (all.every(Boolean)) return port;
  }
  throw new Error('found no free ports for a broker');
}

const isFree = (port) =>
  new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });

export async function startsOnOtherNode(root, scratch) {
  const prefix = join(scratch, 'node-lts');
  mkdirSync(prefix, { recursive: true });
  const install = spawnSync(
    'npm',
    ['install', '--no-progress', '--no-save', '--prefix', prefix, `node@${LTS_MAJOR}`],
    { encoding: 'utf8' },
  );
  const binary = join(prefix, 'node_modules', 'node', 'bin', 'node');
  const version = spawnSync(binary, ['--version'], { encoding: 'utf8' });
  if (install.status !== 0 || version.status !== 0) {
    return {
      passed: 0,
      failed: 0,
      skipped: [
        { what: '', why: `node@${LTS_MAJOR} could not be installed from the package registry` },
      ],
    };
  }
  console.log(`Node ${version.stdout.trim()}`);

  const namesrvPort = await freePort();
  const brokerPort = await freeBrokerPort();
  const data = join(scratch, 'other-node');
  mkdirSync(data, { recursive: true });
  writeFileSync(
    join(data, 'namesrv.conf'),
    `bindAddress=127.0.0.1\nlistenPort=${namesrvPort}\nhttpPort=0\nkvConfigPath=${join(data, 'kv.json')}\n`,
  );
  writeFileSync(
    join(data, 'broker.conf'),
    `bindAddress=127.0.0.1\nbrokerIP1=127.0.0.1\nlistenPort=${brokerPort}\nnamesrvAddr=127.0.0.1:${namesrvPort}\nstorePathRootDir=${join(data, 'store')}\nmappedFileSizeCommitLog=16777216\n`,
  );
  const services = [
    ['nameserver', 'apps/nameserver/bin/mqnamesrv.js', 'namesrv.conf'],
    ['broker', 'apps/broker/bin/mqbroker.js', 'broker.conf'],
  ].map(([name, bin, conf]) => startService(name, binary, join(root, bin), join(data, conf)));
  try {
    await until(() => isReady(brokerPort + 2), services);
  } catch (error) {
    console.error(error.message);
    for (const { name, output } of services) console.error(`${name}:\n${output()}`);
  } finally {
    for (const { child } of services.slice().reverse()) child.kill('SIGTERM');
  }
  const endings = await Promise.all(services.map(({ ended }) => ended));
  const good =
    services.every(({ wasReady }) => wasReady.value) && endings.every((code) => code === 0);
  if (!good) console.error(`exit codes after SIGTERM: ${endings.join(', ')}`);
  return { passed: good ? 1 : 0, failed: good ? 0 : 1, skipped: [] };
}

function startService(name, binary, script, configuration) {
  const child = spawn(binary, [script, '-c', configuration], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece) => (text = (text + piece).slice(-4000)));
  return {
    name,
    child,
    output: () => text,
    wasReady: { value: false },
    ended: new Promise((done) => child.once('close', (code, signal) => done(code ?? signal))),
  };
}

async function isReady(httpPort) {
  try {
    return (
      await fetch(`http://127.0.0.1:${httpPort}/readyz`, { signal: AbortSignal.timeout(1_000) })
    ).ok;
  } catch {
    return false; // not listening yet
  }
}

async function until(holds, services) {
  const deadline = Date.now() + START_DEADLINE_MS;
  while (Date.now() < deadline) {
    if (services.some(({ child }) => child.exitCode !== null))
      throw new Error('a service ended during its start');
    if (await holds()) {
      for (const { wasReady } of services) wasReady.value = true;
      return;
    }
    await new Promise((next) => setTimeout(next, 50));
  }
  throw new Error(`not ready after ${START_DEADLINE_MS / 1000} s`);
}
