import { describe, expect, it } from '@jest/globals';
import {
  GetMaxOffset,
  NotifyConsumerIdsChanged,
  GetConsumerRunningInfo,
  ResponseCode,
  codec,
} from '@rocketmq-ts/protocol';
import { RecordingLogger, SimulatedServer } from '@rocketmq-ts/testing';
import { RemotingClient, type RemotingClientOptions } from './remoting-client.js';
import {
  ConnectFailedError,
  ConnectionClosedError,
  RequestTimeoutError,
  ResponseError,
  TooManyInflightError,
} from './remoting-errors.js';
import type { FrameHandler } from './server-connection.js';

const ADDRESS = '10.0.0.1:9876';
const QUESTION = { header: { topic: 't', queueId: 3 }, body: null };
const WITHIN = { timeoutMs: 3_000 };

const answerWith =
  (offset: number): FrameHandler =>
  (frame, connection) => {
    const { ext } = codec(GetMaxOffset).encodeResponse({ header: { offset }, body: null });
    connection.answer(frame, ResponseCode.SUCCESS, undefined, ext);
  };

async function started(options: Partial<RemotingClientOptions> = {}) {
  const world = new SimulatedServer();
  await world.server.listen();
  const client = new RemotingClient({
    network: world.network,
    clock: world.clock,
    logger: new RecordingLogger(),
    ...options,
  });
  /** Lets a call run to its end, with all the time it wants. */
  const outcome = async (call: Promise<unknown>, seconds = 0): Promise<unknown> => {
    const settled = call.catch((error: unknown) => error);
    await world.settle();
    await world.pass(seconds);
    return settled;
  };
  return { world, server: world.server, client, outcome };
}

describe('RemotingClient.call', () => {
  it('returns what a successful answer says, in the types of the command', async () => {
    const { server, client, outcome } = await started();
    server.route(GetMaxOffset.code, (frame, connection) => {
      const { header } = codec(GetMaxOffset).decodeRequest(frame.ext(), frame.body);
      expect(header).toMatchObject({ topic: 't', queueId: 3, committed: true });
      answerWith(4_711)(frame, connection);
    });
    const answer = await outcome(client.call(ADDRESS, GetMaxOffset, QUESTION, WITHIN));
    expect(answer).toEqual({ header: { offset: 4_711 }, body: null });
  });

  it('throws other answers with their code, remark and command', async () => {
    const { server, client, outcome } = await started();
    server.route(GetMaxOffset.code, () => {
      throw new ResponseError(ResponseCode.SYSTEM_BUSY, 'later');
    });
    const error = await outcome(client.call(ADDRESS, GetMaxOffset, QUESTION, WITHIN));
    expect(error).toBeInstanceOf(ResponseError);
    expect(error).toMatchObject({
      responseCode: ResponseCode.SYSTEM_BUSY,
      remark: 'later',
      command: 'GET_MAX_OFFSET',
      retriable: true,
    });
  });

  it('throws when a successful answer lacks what it must have', async () => {
    const { server, client, outcome } = await started();
    server.route(GetMaxOffset.code, (frame, connection) => connection.answer(frame, 0));
    const error = await outcome(client.call(ADDRESS, GetMaxOffset, QUESTION, WITHIN));
    expect(error).toMatchObject({ code: 'ROCKETMQ_MALFORMED_HEADER', field: 'offset' });
  });

  it('keeps many calls under way on one connection, answered in any order', async () => {
    const { world, server, client } = await started();
    const answers: (() => void)[] = [];
    server.route(GetMaxOffset.code, (frame, connection) => {
      const queueId = Number(frame.extText('queueId'));
      const to = { opaque: frame.opaque };
      const { ext } = codec(GetMaxOffset).encodeResponse({
        header: { offset: queueId * 10 },
        body: null,
      });
      answers.push(() => connection.answer(to, 0, undefined, ext));
    });
    const calls = Promise.all(
      Array.from({ length: 50 }, (_, queueId) =>
        client.call(ADDRESS, GetMaxOffset, { header: { topic: 't', queueId }, body: null }, WITHIN),
      ),
    );
    await world.settle();
    while (answers.length > 0) answers.splice(world.random.below(answers.length), 1)[0]!();
    await world.settle();
    const offsets = (await calls).map(({ header }) => header.offset);
    expect(offsets).toEqual(Array.from({ length: 50 }, (_, i) => i * 10));
    expect(server.stats.connectionsOpened).toBe(1);
  });

  it('gives up after its time-out, counts it, and takes no harm from the late answer', async () => {
    const { world, server, client, outcome } = await started();
    let answer!: () => void;
    server.route(GetMaxOffset.code, (frame, connection) => {
      const { opaque } = frame;
      answer = () => connection.answer(opaque, 0);
    });
    const error = await outcome(client.call(ADDRESS, GetMaxOffset, QUESTION, WITHIN), 3);
    expect(error).toBeInstanceOf(RequestTimeoutError);
    expect(error).toMatchObject({ command: 'GET_MAX_OFFSET', timeoutMs: 3_000, retriable: true });
    answer();
    await world.settle();
    expect(client.stats).toMatchObject({ requestTimeouts: 1, unmatchedAnswers: 1 });
  });

  it('times out on a peer whose machine is gone without a word', async () => {
    const { world, client, outcome } = await started();
    const connecting = client.connect(ADDRESS);
    await world.settle();
    await connecting;
    for (const socket of world.network.sockets) socket.halfOpen = true;
    const error = await outcome(client.call(ADDRESS, GetMaxOffset, QUESTION, WITHIN), 4);
    expect(error).toBeInstanceOf(RequestTimeoutError);
    // Nothing comes back: the idle time ends what TCP would keep for hours.
    await world.pass(110);
    expect(client.stats.connectionsClosed).toBe(1);
  });

  it('says when nobody listens, and finds the server once it is there', async () => {
    const { world, client, outcome } = await started();
    const elsewhere = '10.0.0.1:1234';
    const error = await outcome(client.call(elsewhere, GetMaxOffset, QUESTION, WITHIN));
    expect(error).toBeInstanceOf(ConnectFailedError);
    expect(error).toMatchObject({ address: elsewhere, cause: { code: 'ECONNREFUSED' } });
    const listener = await world.network.listen({ host: '', port: 1_234 }, () => ({
      onData: () => undefined,
      onDrain: () => undefined,
      onClose: () => undefined,
    }));
    expect(await outcome(client.connect(elsewhere))).toMatchObject({ closed: false });
    await listener.close();
  });

  it('refuses an address that is none, each time', async () => {
    const { client, outcome } = await started();
    const errors = [
      await outcome(client.connect('nonsense')),
      await outcome(client.connect('nonsense')),
    ];
    expect(errors[0]).toBeInstanceOf(ConnectFailedError);
    expect(errors[1]).not.toBe(errors[0]);
  });

  it('counts the time to connect', async () => {
    const { world, outcome } = await started();
    const client = new RemotingClient({
      network: { ...world.network, connect: () => new Promise(() => undefined) } as never,
      clock: world.clock,
      logger: new RecordingLogger(),
    });
    const error = await outcome(client.call(ADDRESS, GetMaxOffset, QUESTION, WITHIN), 3);
    expect(error).toBeInstanceOf(RequestTimeoutError);
  });

  it('opens one connection for calls that start together', async () => {
    const { world, server, client } = await started();
    server.route(GetMaxOffset.code, answerWith(1));
    const calls = Promise.all(
      [1, 2, 3].map(() => client.call(ADDRESS, GetMaxOffset, QUESTION, WITHIN)),
    );
    await world.settle();
    await calls;
    expect(server.stats.connectionsOpened).toBe(1);
  });

  it('fails what is under way when the connection goes, and connects again for the next call', async () => {
    const { world, server, client, outcome } = await started();
    let mute = true;
    const closed: string[] = [];
    client.onConnectionClosed((_, reason) => closed.push(reason));
    server.route(GetMaxOffset.code, (frame, connection) => {
      if (!mute) answerWith(9)(frame, connection);
    });
    const call = client
      .call(ADDRESS, GetMaxOffset, QUESTION, WITHIN)
      .catch((error: unknown) => error);
    await world.settle();
    for (const connection of server.connections) connection.abort('test');
    await world.settle();
    expect(await call).toBeInstanceOf(ConnectionClosedError);
    expect(closed).toHaveLength(1);
    mute = false;
    const answer = await outcome(client.call(ADDRESS, GetMaxOffset, QUESTION, WITHIN));
    expect(answer).toMatchObject({ header: { offset: 9 } });
    expect(server.stats.connectionsOpened).toBe(2);
  });

  it('refuses more calls than may wait, without sending them', async () => {
    const { world, server, client, outcome } = await started({ limits: { pendingCountMax: 3 } });
    server.route(GetMaxOffset.code, () => undefined);
    for (let i = 0; i < 3; i++) {
      client.call(ADDRESS, GetMaxOffset, QUESTION, WITHIN).catch(() => undefined);
      await world.settle();
    }
    const error = await outcome(client.call(ADDRESS, GetMaxOffset, QUESTION, WITHIN));
    expect(error).toBeInstanceOf(TooManyInflightError);
    expect(server.stats.requestsIn).toBe(3);
  });

  it('asks once more over a new connection when the server says GO_AWAY', async () => {
    const { server, client, outcome } = await started();
    const askedBy: number[] = [];
    server.route(GetMaxOffset.code, (frame, connection) => {
      askedBy.push(connection.id);
      if (askedBy.length === 1) throw new ResponseError(ResponseCode.GO_AWAY, 'go');
      answerWith(5)(frame, connection);
    });
    const answer = await outcome(client.call(ADDRESS, GetMaxOffset, QUESTION, WITHIN));
    expect(answer).toMatchObject({ header: { offset: 5 } });
    expect(new Set(askedBy).size).toBe(2);
  });

  it('reports GO_AWAY when it comes twice', async () => {
    const { server, client, outcome } = await started();
    server.route(GetMaxOffset.code, () => {
      throw new ResponseError(ResponseCode.GO_AWAY, 'go');
    });
    const error = await outcome(client.call(ADDRESS, GetMaxOffset, QUESTION, WITHIN));
    expect(error).toMatchObject({ responseCode: ResponseCode.GO_AWAY });
    expect(server.stats.requestsIn).toBe(2);
  });

  it('closes a connection that is opened while the client closes', async () => {
    const { world, client, server } = await started();
    const connecting = client.connect(ADDRESS);
    client.close();
    await world.settle();
    expect(await connecting).toMatchObject({ closed: true });
    await world.settle();
    expect(server.connections.size).toBe(0);
  });

  it('fails after close, and so does what was under way', async () => {
    const { world, server, client, outcome } = await started();
    server.route(GetMaxOffset.code, () => undefined);
    const call = client
      .call(ADDRESS, GetMaxOffset, QUESTION, WITHIN)
      .catch((error: unknown) => error);
    await world.settle();
    client.close();
    await world.settle();
    expect(await call).toBeInstanceOf(ConnectionClosedError);
    const later = await outcome(client.call(ADDRESS, GetMaxOffset, QUESTION, WITHIN));
    expect(later).toBeInstanceOf(ConnectFailedError);
    expect(server.connections.size).toBe(0);
  });
});

describe('RemotingClient.oneWay', () => {
  it('is received, never answered, and waits while the server does not read', async () => {
    const { world, server, client } = await started({ limits: { unsentPauseBytes: 50_000 } });
    let received = 0;
    server.route(NotifyConsumerIdsChanged.code, (frame) => {
      received++;
      expect(frame.isOneWay).toBe(true);
    });
    const connecting = client.connect(ADDRESS);
    await world.settle();
    await connecting;
    const serverEnd = world.network.sockets.find(({ localPort }) => localPort === 9_876)!;
    serverEnd.pause();
    const message = { header: { consumerGroup: 'g'.repeat(1_000) }, body: null };
    let sent = 0;
    const sending = (async () => {
      for (; sent < 500; sent++) {
        await client.oneWay(ADDRESS, NotifyConsumerIdsChanged, message);
        if (sent % 10 === 0) await new Promise<void>((resolve) => world.clock.afterTick(resolve));
      }
    })();
    await world.settle();
    expect(sent).toBeLessThan(200);
    serverEnd.resume();
    await world.settle();
    await sending;
    await world.settle();
    expect(received).toBe(500);
    expect(client.stats.bytesIn).toBe(0);
  });
});

describe('Requests from server to client', () => {
  it('are answered by the handlers of the client, although opaques of both directions are equal', async () => {
    const { world, server, client, outcome } = await started();
    server.route(GetMaxOffset.code, () => undefined);
    client.handle(GetConsumerRunningInfo.code, (frame, connection) => {
      connection.answer(frame, ResponseCode.SYSTEM_ERROR, 'asked');
    });
    const own = client
      .call(ADDRESS, GetMaxOffset, QUESTION, WITHIN)
      .catch((error: unknown) => error);
    await world.settle();
    const [connection] = [...server.connections];
    const header = { consumerGroup: 'g', clientId: 'c' };
    const asked = connection!.request(GetConsumerRunningInfo, { header, body: null }, WITHIN);
    const error = await outcome(asked);
    expect(error).toMatchObject({ responseCode: ResponseCode.SYSTEM_ERROR, remark: 'asked' });
    // The client's own request had the same opaque and is still open.
    await world.pass(3);
    expect(await own).toBeInstanceOf(RequestTimeoutError);
  });

  it('end when the client does not answer or goes', async () => {
    const { world, server, client, outcome } = await started();
    client.handle(GetConsumerRunningInfo.code, () => undefined);
    const connecting = client.connect(ADDRESS);
    await world.settle();
    await connecting;
    const [connection] = [...server.connections];
    const message = { header: { consumerGroup: 'g', clientId: 'c' }, body: null } as never;
    const late = await outcome(connection!.request(GetConsumerRunningInfo, message, WITHIN), 3);
    expect(late).toBeInstanceOf(RequestTimeoutError);
    const lost = connection!
      .request(GetConsumerRunningInfo, message, WITHIN)
      .catch((e: unknown) => e);
    client.close();
    await world.settle();
    expect(await lost).toBeInstanceOf(ConnectionClosedError);
    const closed = await outcome(connection!.request(GetConsumerRunningInfo, message, WITHIN));
    expect(closed).toBeInstanceOf(ConnectionClosedError);
    connection!.oneWay(NotifyConsumerIdsChanged, { header: { consumerGroup: 'g' }, body: null });
  });

  it('are refused like any other when the client has no handler', async () => {
    const { world, server, client, outcome } = await started();
    const connecting = client.connect(ADDRESS);
    await world.settle();
    await connecting;
    const [connection] = [...server.connections];
    const message = { header: { consumerGroup: 'g', clientId: 'c' }, body: null } as never;
    const error = await outcome(connection!.request(GetConsumerRunningInfo, message, WITHIN));
    expect(error).toMatchObject({ responseCode: ResponseCode.REQUEST_CODE_NOT_SUPPORTED });
  });
});
