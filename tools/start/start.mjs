#!/usr/bin/env node
// `npm start`: a whole local cluster, nameserver and broker as separate processes on loopback, until Ctrl-C.
// Options: --nameserver-port N (9876), --broker-port N (10911; also N-2 and N+2), --data-dir DIR (.rocketmq).
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const STOP_DEADLINE_MS = 12_000;
const READY_DEADLINE_MS = 30_000;

const fail = (sentence) => {
  console.error(sentence);
  process.exitCode = 1;
};

function readOptions() {
  const { values } = parseArgs({
    options: {
      'nameserver-port': { type: 'string', default: '9876' },
      'broker-port': { type: 'string', default: '10911' },
      'data-dir': { type: 'string', default: join(root, '.rocketmq') },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const port = (name) => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 3 || value > 65_000)
      throw new Error(`--${name} wants a port between 3 and 65000, not "${values[name]}".`);
    return value;
  };
  return {
    help: values.help,
    nameserverPort: port('nameserver-port'),
    brokerPort: port('broker-port'),
    dataDir: resolve(values['data-dir']),
  };
}

/**
 * Who else listens where the cluster wants to would answer our questions whether it is ready, so it is looked for first.
 * @returns the first port that another process has.
 */
async function findBusyPort({ nameserverPort, brokerPort }) {
  const ports = [nameserverPort, nameserverPort + 1, brokerPort, brokerPort - 2, brokerPort + 2];
  for (const port of ports) {
    const listening = createServer();
    const error = await new Promise((done) =>
      listening.once('error', done).listen(port, '127.0.0.1', () => listening.close(() => done())),
    );
    if (error?.code === 'EADDRINUSE') return port;
    if (error) throw new Error(`Port ${port} on 127.0.0.1 cannot be used: ${error.message}`);
  }
  return undefined;
}

/** Writes the two configuration files; they show a newcomer what a configuration looks like. */
function writeConfigurations({ nameserverPort, brokerPort, dataDir }) {
  mkdirSync(join(dataDir, 'logs'), { recursive: true });
  const nameserver = join(dataDir, 'namesrv.conf');
  const broker = join(dataDir, 'broker.conf');
  const note = '# Written by `npm start` each time; copy it to keep changes.\n';
  writeFileSync(
    nameserver,
    `${note}bindAddress=127.0.0.1\nlistenPort=${nameserverPort}\nkvConfigPath=${join(dataDir, 'namesrv', 'kvConfig.json')}\n`,
  );
  writeFileSync(
    broker,
    `${note}brokerClusterName=DefaultCluster\nbrokerName=broker-a\nbrokerId=0\nbindAddress=127.0.0.1\nbrokerIP1=127.0.0.1\n` +
      `listenPort=${brokerPort}\nnamesrvAddr=127.0.0.1:${nameserverPort}\nstorePathRootDir=${join(dataDir, 'store')}\n` +
      'autoCreateTopicEnable=true\nflushDiskType=ASYNC_FLUSH\nmappedFileSizeCommitLog=134217728\n',
  );
  return { nameserver, broker };
}

/** Starts one service; its log goes to a file, its last words on stderr are kept for the case that it ends. */
function startService(name, bin, configuration, dataDir) {
  const logPath = join(dataDir, 'logs', `${name}.log`);
  const log = openSync(logPath, 'a');
  // A process group of its own, so that Ctrl-C reaches the services through us, in order.
  const child = spawn(process.execPath, [join(root, bin), '-c', configuration], {
    stdio: ['ignore', log, 'pipe'],
    detached: true,
  });
  closeSync(log);
  const service = { name, child, logPath, lastWords: '' };
  child.stderr
    .setEncoding('utf8')
    .on('data', (text) => (service.lastWords = (service.lastWords + text).slice(-2000)));
  service.ended = new Promise((done) =>
    child.once('close', (code, signal) => done(code ?? signal)),
  );
  return service;
}

async function stopService({ name, child, ended }) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const deadline = setTimeout(() => {
    console.error(`${name} did not stop in ${STOP_DEADLINE_MS / 1000} s and is killed.`);
    child.kill('SIGKILL');
  }, STOP_DEADLINE_MS);
  await ended;
  clearTimeout(deadline);
}

async function isReady(port) {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(1_000) }))
      .ok;
  } catch {
    return false; // not listening yet; the caller asks again until its deadline
  }
}

/** @returns what went wrong, or undefined when the service answers. */
async function waitUntilReady(service, httpPort, stopping) {
  let ending;
  void service.ended.then((how) => (ending = how));
  const deadline = Date.now() + READY_DEADLINE_MS;
  while (!stopping.asked && ending === undefined && Date.now() < deadline) {
    if (await isReady(httpPort)) return undefined;
    await new Promise((next) => setTimeout(next, 25));
  }
  if (stopping.asked) return '';
  if (ending === undefined)
    return `${service.name} is not ready after ${READY_DEADLINE_MS / 1000} s; its log: ${service.logPath}`;
  return (
    service.lastWords.trim() || `${service.name} ended (${ending}); its log: ${service.logPath}`
  );
}

function printWelcome({ nameserverPort, brokerPort, dataDir }, startedMs) {
  const here = relative(process.cwd(), dataDir) || '.';
  console.log(`rocketmq-ts is running (ready in ${((performance.now() - startedMs) / 1000).toFixed(1)} s).

  nameserver   127.0.0.1:${nameserverPort}      clients connect here
  broker-a     127.0.0.1:${brokerPort}     metrics: http://127.0.0.1:${brokerPort + 2}/metrics
  data, logs   ${here}/store, ${here}/logs

Try next, in another terminal:
  cd e2e/java && mvn -q compile exec:java -Dexec.mainClass=rocketmqts.e2e.QuickstartConsumer
  cd e2e/java && mvn -q compile exec:java -Dexec.mainClass=rocketmqts.e2e.QuickstartProducer
or point any RocketMQ client or mqadmin at 127.0.0.1:${nameserverPort}. Ctrl-C stops the cluster.`);
}

async function main() {
  const options = readOptions();
  if (options.help) {
    console.log('npm start [-- --nameserver-port N --broker-port N --data-dir DIR]');
    return;
  }
  const build = spawnSync(process.execPath, [join(root, 'tools/build/build.mjs'), '--if-stale'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (build.status !== 0) return fail('The build failed; its message is above.');

  const busyPort = await findBusyPort(options);
  if (busyPort !== undefined)
    return fail(
      `Port ${busyPort} on 127.0.0.1 is in use by another process; stop that one, or choose other ports: ` +
        'npm start -- --nameserver-port N --broker-port N',
    );
  const startedMs = performance.now();
  let configurations;
  try {
    configurations = writeConfigurations(options);
  } catch (error) {
    return fail(`Cannot write to the data folder ${options.dataDir}: ${error.message}`);
  }
  const stopping = { asked: false };
  const services = [];
  let stop;
  const stopAsked = new Promise((done) => (stop = done));
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      stopping.asked = true;
      stop();
    });
  }

  services.push(
    startService(
      'nameserver',
      'apps/nameserver/bin/mqnamesrv.js',
      configurations.nameserver,
      options.dataDir,
    ),
  );
  services.push(
    startService('broker', 'apps/broker/bin/mqbroker.js', configurations.broker, options.dataDir),
  );
  const problem =
    (await waitUntilReady(services[0], options.nameserverPort + 1, stopping)) ??
    (await waitUntilReady(services[1], options.brokerPort + 2, stopping));
  if (problem === undefined) {
    printWelcome(options, startedMs);
    const first = await Promise.race([
      stopAsked,
      ...services.map((service) => service.ended.then((how) => ({ service, how }))),
    ]);
    if (first)
      fail(
        `${first.service.name} ended unexpectedly (${first.how}). ${first.service.lastWords.trim()} Its log: ${first.service.logPath}`,
      );
    else console.log('\nStopping …');
  } else if (problem !== '') fail(problem);
  // Broker first: it unregisters at the nameserver.
  for (const service of services.reverse()) await stopService(service);
}

main().catch((error) => fail(error.message));
