import { createServer } from 'node:net';

/** Below the range from which the system takes ports for outgoing connections. */
const LOWEST = 20_000;
const HIGHEST = 32_000;

/**
 * Finds ports for one broker and one nameserver.
 *
 * A broker takes `listenPort`, two below it (fast port), one above it (replication); ours one more
 * above that (probes). A nameserver takes one, ours also the next (probes).
 * Nothing is reserved: another process may take them first, so the caller retries a failed start.
 *
 * @returns {Promise<{ nameserver: number, broker: number }>}
 */
export async function freePorts() {
  for (let attempt = 0; attempt < 200; attempt++) {
    const broker = LOWEST + 4 + Math.floor(Math.random() * (HIGHEST - LOWEST - 8));
    const nameserver = broker + 3;
    const wanted = [broker - 2, broker, broker + 1, broker + 2, nameserver, nameserver + 1];
    if ((await Promise.all(wanted.map(isFree))).every(Boolean)) return { nameserver, broker };
  }
  throw new Error(`no free ports between ${LOWEST} and ${HIGHEST}`);
}

/**
 * Finds ports for a whole local cluster as `npm start` lays it out: a broker every ten ports.
 *
 * @returns {Promise<{ nameserver: number, broker: number }>} `broker`: of the first one
 */
export async function freeClusterPorts(brokerCount) {
  for (let attempt = 0; attempt < 200; attempt++) {
    const broker = LOWEST + 4 + Math.floor(Math.random() * (HIGHEST - LOWEST - 100));
    const nameserver = broker + 10 * brokerCount;
    const ofBrokers = Array.from({ length: brokerCount }, (_, n) => broker + 10 * n).flatMap(
      (port) => [port - 2, port, port + 1, port + 2],
    );
    const wanted = [...ofBrokers, nameserver, nameserver + 1];
    if ((await Promise.all(wanted.map(isFree))).every(Boolean)) return { nameserver, broker };
  }
  throw new Error(`no free ports between ${LOWEST} and ${HIGHEST}`);
}

/** One free port for anything else, chosen by the system. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)));
  });
}
