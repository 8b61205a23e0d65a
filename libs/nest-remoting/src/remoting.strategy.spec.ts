import {
  type CanActivate,
  Controller,
  Inject,
  Injectable,
  Module,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import { InvariantError } from '@rocketmq-ts/kernel';
import {
  type AnyCommand,
  GetMaxOffset,
  GetMinOffset,
  GetNamesrvConfig,
  PutKvConfig,
  QueryConsumerOffset,
  ResponseCode,
  SearchOffsetByTimestamp,
  UnregisterClient,
  UpdateConsumerOffset,
  ViewMessageById,
  codec,
  rawBody,
} from '@rocketmq-ts/protocol';
import { DuplicateHandlerError, RemotingClient, ResponseError } from '@rocketmq-ts/remoting';
import { RecordingLogger, SimulatedServer } from '@rocketmq-ts/testing';
import { from } from 'rxjs';
import { handlerCoverage } from './handler-coverage.js';
import { Handles, REMOTING_TRANSPORT, type RemotingRequest } from './handles.decorator.js';
import { RemotingExceptionFilter } from './remoting-exception.filter.js';
import { RemotingStrategy, type RemotingStrategyOptions } from './remoting.strategy.js';
import { WrittenAnswer } from './written-answer.js';

const empty = { header: {}, body: null };
const offsetOf = (offset: number) => ({ header: { offset }, body: null });

/** A command with bytes for a body in both directions. */
const Blob = {
  ...GetNamesrvConfig,
  name: 'BLOB',
  code: 30_001,
  request: { header: {}, body: rawBody('bytes') },
  response: { header: {}, body: rawBody('the same bytes') },
} satisfies AnyCommand;

@Injectable()
class Refuse implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Injectable()
class Steps {
  readonly seen: unknown[] = [];
  private waiting: (() => void)[] = [];

  wait(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  go(): void {
    for (const resume of this.waiting.splice(0)) resume();
  }
}

@Controller()
class OffsetController {
  constructor(@Inject(Steps) private readonly steps: Steps) {}

  @Handles(GetMaxOffset)
  getMaxOffset(request: RemotingRequest<typeof GetMaxOffset>) {
    this.steps.seen.push(request);
    return offsetOf(request.header.queueId * 10);
  }

  @Handles(GetMinOffset)
  async getMinOffset({ header }: RemotingRequest<typeof GetMinOffset>) {
    await this.steps.wait();
    if (header.queueId < 0) throw new ResponseError(ResponseCode.NO_MESSAGE, 'late no');
    return offsetOf(header.queueId);
  }

  @Handles(QueryConsumerOffset)
  queryConsumerOffset(): { header: { offset: number }; body: null } {
    throw new ResponseError(ResponseCode.QUERY_NOT_FOUND, 'no offset of that group');
  }

  @Handles(SearchOffsetByTimestamp)
  searchOffset(): { header: { offset: number }; body: null } {
    throw new TypeError('broken');
  }

  @Handles(UpdateConsumerOffset)
  updateConsumerOffset() {
    this.steps.seen.push('update');
    return empty;
  }

  @UseGuards(Refuse)
  @Handles(PutKvConfig)
  putKvConfig() {
    return empty;
  }

  @Handles(ViewMessageById)
  viewMessageById() {
    const pieces = [Buffer.from('in '), Buffer.from('pieces')];
    return new WrittenAnswer({ remark: 'well', ext: new Map([['field', 'value']]), pieces });
  }

  @Handles(UnregisterClient)
  unregisterClient(): { header: object; body: null } {
    return from([empty]) as never;
  }

  @Handles(Blob)
  async blob({ body }: RemotingRequest<typeof Blob>) {
    await this.steps.wait();
    return { header: {}, body };
  }
}

const running: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0)) await stop();
});

async function started(
  controllers: (new (...args: never[]) => object)[] = [OffsetController],
  { filter = true, ...options }: Partial<RemotingStrategyOptions> & { filter?: boolean } = {},
) {
  const world = new SimulatedServer();
  const steps = new Steps();
  @Module({ controllers, providers: [{ provide: Steps, useValue: steps }] })
  class TestModule {}
  const strategy = new RemotingStrategy(world.server, { drainTimeoutMs: 1_000, ...options });
  const app = await NestFactory.createMicroservice(TestModule, {
    strategy,
    logger: false,
    abortOnError: false,
  });
  if (filter) app.useGlobalFilters(new RemotingExceptionFilter());
  await app.listen();
  running.push(async () => {
    const closing = app.close();
    await world.pass(3);
    await closing;
  });
  const client = new RemotingClient({
    network: world.network,
    clock: world.clock,
    logger: new RecordingLogger(),
  });
  const call = async (command: AnyCommand, header: object, body: unknown = null) => {
    const answer = client
      .call('10.0.0.1:9876', command, { header, body }, { timeoutMs: 3_000 })
      .catch((error: unknown) => error);
    await world.settle();
    return answer;
  };
  return { world, app, steps, strategy, call };
}

describe('RemotingStrategy', () => {
  it('gives a handler header, body and connection, and answers what it returns', async () => {
    const { call, steps } = await started();
    expect(await call(GetMaxOffset, { topic: 't', queueId: 4 })).toEqual(offsetOf(40));
    expect(steps.seen[0]).toMatchObject({
      header: { topic: 't', queueId: 4, committed: true },
      body: null,
      version: 513,
      oneWay: false,
      connection: { listenerName: 'main' },
    });
  });

  it('brings a ResponseError of a controller to the caller with its code and remark', async () => {
    const { call } = await started();
    const header = { consumerGroup: 'g', topic: 't', queueId: 0 };
    const error = await call(QueryConsumerOffset, header);
    expect(error).toBeInstanceOf(ResponseError);
    expect(error).toMatchObject({
      responseCode: ResponseCode.QUERY_NOT_FOUND,
      remark: 'no offset of that group',
    });
  });

  it('answers other errors with SYSTEM_ERROR and their text, and logs them', async () => {
    const { call, world } = await started();
    const header = { topic: 't', queueId: 0, timestampMs: 1 };
    const error = await call(SearchOffsetByTimestamp, header);
    expect(error).toMatchObject({ responseCode: ResponseCode.SYSTEM_ERROR, remark: 'broken' });
    expect(world.logger.count('error')).toBe(1);
  });

  it('names the field that does not parse', async () => {
    const { world } = await started();
    const peer = await world.peer();
    peer.send({
      code: GetMaxOffset.code,
      opaque: 1,
      ext: new Map([
        ['topic', 't'],
        ['queueId', 'x'],
      ]),
    });
    peer.send({ code: GetMaxOffset.code, opaque: 2, ext: new Map([['queueId', '1']]) });
    await world.settle();
    expect(peer.frames.map(({ code }) => code)).toEqual([1, 1]);
    expect(peer.frames[0]!.remark).toContain('queueId');
    expect(peer.frames[1]!.remark).toContain('topic');
  });

  it('counts asynchronous handlers as work under way until they are done', async () => {
    const { world, steps } = await started();
    const peer = await world.peer();
    const ext = codec(GetMinOffset).encodeRequest({
      header: { topic: 't', queueId: 5 },
      body: null,
    }).ext;
    peer.send({ code: GetMinOffset.code, opaque: 1, ext, serializeType: 1 });
    peer.send({ code: GetMinOffset.code, opaque: 2, ext: new Map([...ext, ['queueId', '-1']]) });
    await world.settle();
    expect(world.server.stats.inFlightNow).toBe(2);
    expect(peer.frames).toEqual([]);
    steps.go();
    await world.settle();
    expect(peer.frames[0]).toMatchObject({ opaque: 1, code: 0, serializeType: 1 });
    expect(peer.frames[1]).toMatchObject({ code: ResponseCode.NO_MESSAGE, remark: 'late no' });
    expect(world.server.stats).toMatchObject({ inFlightNow: 0, inFlightBytesNow: 0 });
  });

  it('keeps the bytes of a body for a handler that is slow', async () => {
    const { world, steps } = await started();
    const peer = await world.peer();
    const bodies = ['first', 'second', 'third'].map((text) => Buffer.from(text.repeat(200)));
    bodies.forEach((body, opaque) => peer.send({ code: Blob.code, opaque, body }));
    await world.settle();
    steps.go();
    await world.settle();
    expect(peer.frames.map(({ body }) => body.toString())).toEqual(bodies.map(String));
  });

  it('sends an answer that its handler wrote, remark and all', async () => {
    const { world } = await started();
    const peer = await world.peer();
    const { ext } = codec(ViewMessageById).encodeRequest({
      header: { commitLogOffset: 0 },
      body: null,
    });
    peer.send({ code: ViewMessageById.code, opaque: 7, ext });
    await world.settle();
    const [answer] = peer.frames;
    expect(answer).toMatchObject({ opaque: 7, code: ResponseCode.SUCCESS, remark: 'well' });
    expect(answer!.extText('field')).toBe('value');
    expect(answer!.body.toString()).toBe('in pieces');
  });

  it('takes the value of an Observable', async () => {
    const { call } = await started();
    const header = { clientId: 'c', producerGroup: 'p' };
    expect(await call(UnregisterClient, header)).toEqual(empty);
  });

  it('does not answer one-way requests', async () => {
    const { world, steps } = await started();
    const peer = await world.peer();
    const header = { consumerGroup: 'g', topic: 't', queueId: 0, commitOffset: 1 };
    const { ext } = codec(UpdateConsumerOffset).encodeRequest({ header, body: null });
    peer.send({ code: UpdateConsumerOffset.code, opaque: 1, ext, oneWay: true });
    peer.send({ code: QueryConsumerOffset.code, opaque: 2, ext, oneWay: true });
    await world.settle();
    expect(steps.seen).toEqual(['update']);
    expect(peer.frames).toEqual([]);
    expect(world.server.stats.inFlightNow).toBe(0);
  });

  it('answers NO_PERMISSION when a guard refuses', async () => {
    const { call } = await started();
    const error = await call(PutKvConfig, { namespace: 'n', key: 'k', value: 'v' });
    expect(error).toMatchObject({ responseCode: ResponseCode.NO_PERMISSION });
  });

  it('answers commands without a handler with code 3', async () => {
    const { call } = await started([]);
    const error = await call(GetMaxOffset, { topic: 't', queueId: 4 });
    expect(error).toMatchObject({
      responseCode: ResponseCode.REQUEST_CODE_NOT_SUPPORTED,
      remark: ' request type 30 not supported',
    });
  });

  it('says that the filter is missing rather than losing the error', async () => {
    const { call } = await started([OffsetController], { filter: false });
    const error = await call(QueryConsumerOffset, { consumerGroup: 'g', topic: 't', queueId: 0 });
    expect(error).toMatchObject({ responseCode: ResponseCode.SYSTEM_ERROR });
    expect((error as ResponseError).remark).toContain('RemotingExceptionFilter is not installed');
  });

  it('stops the process on an answer that its command does not declare, where that is verified', async () => {
    @Controller()
    class Undeclared {
      @Handles(GetMaxOffset)
      getMaxOffset(): { header: { offset: number }; body: null } {
        throw new ResponseError(ResponseCode.NO_BUYER_ID, 'undeclared');
      }
    }
    const { call } = await started([Undeclared], { verifyFailures: true });
    const asked = call(GetMaxOffset, { topic: 't', queueId: 4 });
    await expect(asked).rejects.toThrow(InvariantError);
  });

  it('waits for handlers at work when it closes', async () => {
    const { world, app, steps } = await started();
    const peer = await world.peer();
    const ext = new Map([
      ['topic', 't'],
      ['queueId', '5'],
    ]);
    peer.send({ code: GetMinOffset.code, opaque: 1, ext });
    await world.settle();
    let closed = false;
    const closing = app.close().then(() => (closed = true));
    await world.settle();
    expect(closed).toBe(false);
    steps.go();
    await world.settle();
    await closing;
    expect(peer.opaques).toEqual([1]);
    running.length = 0;
  });

  it('gives its server to who asks and has no events of its own', async () => {
    const { strategy, world } = await started();
    expect(strategy.unwrap()).toBe(world.server);
    expect(() => strategy.on()).toThrow(/onConnectionClosed/);
  });
});

describe('RemotingStrategy at start', () => {
  @Controller()
  class Second {
    @Handles(GetMaxOffset)
    alsoMaxOffset() {
      return offsetOf(0);
    }
  }

  @Controller()
  class Foreign {
    @MessagePattern(77, REMOTING_TRANSPORT)
    any() {
      return {};
    }
  }

  it('stops when two controllers handle the same command', async () => {
    await expect(started([OffsetController, Second])).rejects.toThrow(DuplicateHandlerError);
  });

  it('stops when a handler is bound without @Handles', async () => {
    await expect(started([Foreign])).rejects.toThrow(/not bound with @Handles/);
  });

  it('stops when one method is bound to two commands', () => {
    expect(() => {
      class Twice {
        @Handles(GetMaxOffset)
        @Handles(GetMinOffset)
        both() {
          return offsetOf(0);
        }
      }
      return Twice;
    }).toThrow(/both handles GET_MIN_OFFSET already/);
  });

  it('fails when the port is taken', async () => {
    const first = await started();
    const strategy = new RemotingStrategy(first.world.server, { drainTimeoutMs: 1 });
    const error = await new Promise((resolve) => strategy.listen(resolve));
    expect(error).toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('handlerCoverage', () => {
  it('finds commands without a handler and handlers without a command', async () => {
    const { world } = await started();
    const commands: AnyCommand[] = [GetMaxOffset, GetMinOffset, GetNamesrvConfig];
    const { withoutHandler, withoutDeclaration } = handlerCoverage(
      commands,
      world.server.routedCodes,
    );
    expect(withoutHandler).toEqual([GetNamesrvConfig]);
    expect(withoutDeclaration).toContain(Blob.code);
    expect(withoutDeclaration).not.toContain(GetMaxOffset.code);
  });
});
