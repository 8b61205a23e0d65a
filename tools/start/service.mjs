// One service as a child process: started, waited for, stopped.
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

const STOP_DEADLINE_MS = 12_000;
const READY_DEADLINE_MS = 30_000;

/**
 * Starts one service; its log goes to a file, its last words on stderr are kept for the case that it ends.
 *
 * @param {import('./topologies.mjs').Service} service
 * @param {{ root: string, dataDir: string }} where
 */
export function startService({ name, program, configuration, httpPort }, { root, dataDir }) {
  const logPath = join(dataDir, 'logs', `${name}.log`);
  const log = openSync(logPath, 'a');
  // A process group of its own, so that Ctrl-C reaches the services through us, in order.
  const child = spawn(process.execPath, [join(root, program), '-c', configuration], {
    stdio: ['ignore', log, 'pipe'],
    detached: true,
  });
  closeSync(log);
  const service = { name, child, httpPort, logPath, lastWords: '' };
  child.stderr
    .setEncoding('utf8')
    .on('data', (text) => (service.lastWords = (service.lastWords + text).slice(-2000)));
  service.ended = new Promise((done) =>
    child.once('close', (code, signal) => done(code ?? signal)),
  );
  return service;
}

/** Ends a service with SIGTERM and waits until it is gone; one that takes too long is killed, which is said. */
export async function stopService({ name, child, ended }) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const deadline = setTimeout(() => {
    console.error(`${name} did not stop in ${STOP_DEADLINE_MS / 1000} s and is killed.`);
    child.kill('SIGKILL');
  }, STOP_DEADLINE_MS);
  await ended;
  clearTimeout(deadline);
}

/**
 * @param {{ asked: boolean }} stopping `asked`: somebody wants it all to stop, so nobody needs to wait
 * @returns {Promise<string | undefined>} what went wrong, '' when nobody waits any more, undefined when the service answers
 */
export async function waitUntilReady(service, stopping) {
  let ending;
  void service.ended.then((how) => (ending = how));
  const deadline = Date.now() + READY_DEADLINE_MS;
  while (!stopping.asked && ending === undefined && Date.now() < deadline) {
    if (await isReady(service.httpPort)) return undefined;
    await new Promise((next) => setTimeout(next, 25));
  }
  if (stopping.asked) return '';
  if (ending === undefined)
    return `${service.name} is not ready after ${READY_DEADLINE_MS / 1000} s; its log: ${service.logPath}`;
  return (
    service.lastWords.trim() || `${service.name} ended (${ending}); its log: ${service.logPath}`
  );
}

async function isReady(port) {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(1_000) }))
      .ok;
  } catch {
    return false; // not listening yet; the caller asks again until its deadline
  }
}

/**
 * Who else listens where a service wants to would answer our questions whether it is ready, so it is looked for first.
 *
 * @param {readonly number[]} ports
 * @returns {Promise<number | undefined>} the first port that another process has
 */
export async function findBusyPort(ports) {
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
