import { describeError } from '@rocketmq-ts/kernel';
import type { Clock } from '@rocketmq-ts/kernel';
import { WrittenAnswer } from '@rocketmq-ts/nest-remoting';
import { PeerVersion, ResponseCode } from '@rocketmq-ts/protocol';
import type { AnyCommand, Command, Message, RemotingFrame, Sent } from '@rocketmq-ts/protocol';
import { RequestTimeoutError, ResponseError, exchange } from '@rocketmq-ts/remoting';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { ClientMember } from '../client-session/client-member.js';
import type { ConsumerGroups } from '../client-session/consumer-groups.js';

/** How long a client may take. Source: rocketmq 5.5.0 `Broker2Client#callClient`, `#getConsumeStatus`. */
const CALL_TIMEOUT_MS = 10_000;
const POLL_TIMEOUT_MS = 5_000;
/** Clients that are asked at the same time, and how long asking all of them may take. Apache asks one after the other. */
const POLL_PARALLEL_COUNT = 64;
const POLL_ALL_MS = 20_000;

/**
 * Asks consumers on behalf of operators, over the connections that they opened.
 * Source: rocketmq 5.5.0 `AdminBrokerProcessor#callConsumer`, `Broker2Client`.
 */
export class ConsumerCalls {
  constructor(
    private readonly clock: Clock,
    private readonly consumers: ConsumerGroups<ServerConnection>,
  ) {}

  /** Passes a request to one consumer, and its answer back as it is. @throws {ResponseError} */
  async pass<Q extends Message, R extends Message>(
    group: string,
    clientId: string | undefined,
    command: Command<Q, R>,
    message: Sent<Q>,
  ): Promise<WrittenAnswer> {
    const member = this.capable(group, clientId);
    const frame = await exchange(member.connection, command, message, {
      timeoutMs: CALL_TIMEOUT_MS,
    }).catch((error: unknown) => {
      throw failedCall(group, member.clientId, error);
    });
    if (frame.code !== ResponseCode.SUCCESS) throw refusedBy(command, frame);
    return new WrittenAnswer({ remark: frame.remark, ext: frame.ext(), pieces: [frame.body] });
  }

  /**
   * Asks the members of a group the same; those that fail or take too long are left out.
   * @param clientId only this one; undefined: all
   * @returns what they said, by client id
   */
  async poll<T>(
    group: string,
    clientId: string | undefined,
    ask: (connection: ServerConnection, timeoutMs: number) => Promise<T>,
  ): Promise<Map<string, T>> {
    const asked = [...(this.consumers.find(group)?.members.values() ?? [])].filter(
      (member) => clientId === undefined || member.clientId === clientId,
    );
    const answers = new Map<string, T>();
    const endMs = this.clock.monotonicMs() + POLL_ALL_MS;
    for (let from = 0; from < asked.length; from += POLL_PARALLEL_COUNT) {
      if (this.clock.monotonicMs() >= endMs) break;
      const some = asked.slice(from, from + POLL_PARALLEL_COUNT);
      const settled = await Promise.allSettled(
        some.map(({ connection }) => ask(connection, POLL_TIMEOUT_MS)),
      );
      settled.forEach((answer, i) => {
        if (answer.status === 'fulfilled') answers.set(some[i]!.clientId, answer.value);
      });
    }
    return answers;
  }

  private capable(group: string, clientId: string | undefined): ClientMember<ServerConnection> {
    const member = clientId === undefined ? undefined : this.consumers.findMember(group, clientId);
    if (!member) throw systemError(`The Consumer <${group}> <${clientId}> not online`);
    if (member.version < PeerVersion.V3_1_8_SNAPSHOT) {
      throw systemError(
        `The Consumer <${member.clientId}> Version <${member.version}> too low to finish, ` +
          'please upgrade it to V3_1_8_SNAPSHOT',
      );
    }
    return member;
  }
}

const systemError = (remark: string): ResponseError =>
  new ResponseError(ResponseCode.SYSTEM_ERROR, remark);

function failedCall(group: string, clientId: string, error: unknown): ResponseError {
  if (error instanceof RequestTimeoutError) {
    return new ResponseError(
      ResponseCode.CONSUME_MSG_TIMEOUT,
      `consumer <${group}> <${clientId}> Timeout: ${describeError(error)}`,
    );
  }
  return systemError(`invoke consumer <${group}> <${clientId}> Exception: ${describeError(error)}`);
}

/** What a client refuses is told as it says it, under a code that askers of this command know. */
function refusedBy(command: AnyCommand, frame: RemotingFrame): ResponseError {
  const known = command.failures.find((code) => code === frame.code);
  return new ResponseError(known ?? ResponseCode.SYSTEM_ERROR, frame.remark ?? '');
}
