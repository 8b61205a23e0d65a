import { createServer } from 'node:http';
import { endPart, kill9, restart, stop } from './cluster.mjs';

const HOST = '127.0.0.1';

/** What a test may ask for with `POST /<id>/<verb>`; answered when it is done. */
const VERBS = {
  /** SIGTERM to the broker, and wait until it is gone. */
  stop: (cluster) => endPart(cluster, 'broker'),
  /** SIGKILL to the broker. */
  kill: (cluster) => kill9(cluster, 'broker'),
  /** The broker again, on its port and store; answered when clients can use it. */
  start: (cluster) => restart(cluster, 'broker'),
};

/**
 * Lets a test of any language have clusters of its own whose broker it may stop, kill and start:
 *
 *   POST /?key=value  a new cluster with further lines of `broker.conf`; the answer is `<id> <namesrv> <broker>`
 *   POST /<id>/stop   also kill, start
 *   POST /<id>/end    nobody needs it any more
 *
 * The clusters of a suite are for all of its tests at once, so none of those may be disturbed.
 *
 * @param {(brokerConfig: Record<string, string>) => Promise<import('./cluster.mjs').Cluster>} startCluster
 * @returns {Promise<{ url: string, close(): Promise<string[]> }>} `close` ends what is left and gives the complaints
 */
export async function startControl(startCluster) {
  const clusters = new Map();
  const complaints = [];
  let lastId = 0;

  async function end(id) {
    const cluster = clusters.get(id);
    clusters.delete(id);
    await stop(cluster);
    complaints.push(...cluster.complaints);
  }

  async function answer(target) {
    const { pathname, searchParams } = new URL(target, `http://${HOST}`);
    const [id, verb] = pathname.split('/').filter(Boolean);
    if (id === undefined) {
      const cluster = await startCluster(Object.fromEntries(searchParams));
      clusters.set(String(++lastId), cluster);
      return `${lastId} ${cluster.namesrv} ${HOST}:${cluster.ports.broker}`;
    }
    if (!clusters.has(id)) throw new Error(`no cluster ${id}`);
    if (verb === 'end') await end(id);
    else if (Object.hasOwn(VERBS, verb)) await VERBS[verb](clusters.get(id));
    else throw new Error(`no such verb: ${verb}`);
    return '';
  }

  const server = createServer((request, response) => {
    request.resume();
    answer(request.url).then(
      (text) => response.end(text),
      (error) => response.writeHead(500).end(String(error.stack ?? error)),
    );
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, HOST, resolve);
  });
  return {
    url: `http://${HOST}:${server.address().port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      for (const id of [...clusters.keys()]) await end(id);
      return complaints;
    },
  };
}
