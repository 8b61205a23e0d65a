import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@rocketmq-ts/kernel';
import { HttpPort, textAnswer } from './http-port.js';
import { Metrics } from './metrics.js';
import { Readiness } from './readiness.js';

const readiness = new Readiness();
const metrics = new Metrics({ node_id: 'n"1' });
let reason: string | undefined;
let level = 3;
readiness.add('routes', () => reason);
metrics.gauge({ name: 'level', help: 'A level.' }, () => level);
metrics.counter({ name: 'things_total', help: 'Things.', labels: ['kind'] }, () => [
  { labels: { kind: 'a' }, value: 2 },
  { labels: { kind: 'b' }, value: 5 },
]);

let http: HttpPort;
const get = (path: string, init?: RequestInit) =>
  fetch(`http://127.0.0.1:${http.port}${path}`, init);

beforeEach(async () => {
  http = new HttpPort({
    host: '127.0.0.1',
    port: 0,
    logger: silentLogger,
    pages: new Map([
      ['/healthz', () => textAnswer(200, 'alive')],
      ['/readyz', readiness.page],
      ['/metrics', metrics.page],
      ['/broken', () => Promise.reject(new Error('secret path /etc'))],
    ]),
  });
  await http.start();
});
afterEach(() => http.stop());

describe('HttpPort', () => {
  it('answers its pages to GET and HEAD, with a query or without', async () => {
    expect(await (await get('/healthz?verbose=1')).text()).toBe('alive\n');
    const head = await get('/healthz', { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      200,
      '6',
      '',
    ]);
  });

  it('answers nothing else: other paths, other methods, traversal', async () => {
    expect((await get('/')).status).toBe(404);
    expect((await get('/healthz/../../etc/passwd')).status).toBe(404);
    expect((await get('/healthz', { method: 'POST', body: 'x' })).status).toBe(405);
  });

  it('says nothing of the inside when a page fails', async () => {
    const broken = await get('/broken');
    expect([broken.status, await broken.text()]).toEqual([500, 'failed; see the log\n']);
  });

  it('is told that a port is in use', async () => {
    const second = new HttpPort({
      host: '127.0.0.1',
      port: http.port!,
      pages: new Map(),
      logger: silentLogger,
    });
    await expect(second.start()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await second.stop();
  });

  it('stops although a peer holds a connection open', async () => {
    const socket = connect(http.port!, '127.0.0.1');
    await new Promise((done) => socket.once('connect', done));
    const closed = new Promise((done) => socket.once('close', done));
    socket.on('error', () => undefined);
    await http.stop();
    await closed;
  });
});

describe('Readiness', () => {
  it('is ready between start and stop while no check says otherwise', async () => {
    expect((await get('/readyz')).status).toBe(503);
    readiness.started();
    expect((await get('/readyz')).status).toBe(200);
    reason = 'too few brokers';
    const waiting = await get('/readyz');
    expect([waiting.status, await waiting.text()]).toEqual([503, 'routes: too few brokers\n']);
    reason = undefined;
    readiness.stopping();
    expect(await (await get('/readyz')).text()).toBe('stopping\n');
    readiness.started();
    expect((await get('/readyz')).status).toBe(503);
  });
});

describe('Metrics', () => {
  it('reads levels and totals when it is scraped', async () => {
    level = 4;
    const text = await (await get('/metrics')).text();
    expect(text).toContain('level{node_id="n\\"1"} 4');
    expect(text).toContain('things_total{kind="a",node_id="n\\"1"} 2');
    expect(text).toContain('things_total{kind="b",node_id="n\\"1"} 5');
    expect(text).toContain('process_resident_memory_bytes');
    expect(await (await get('/metrics')).text()).toContain(
      'things_total{kind="b",node_id="n\\"1"} 5',
    );
  });
});
