import { MessagePattern } from '@nestjs/microservices';
import type { AnyCommand, Received, Sent } from '@rocketmq-ts/protocol';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { WrittenAnswer } from './written-answer.js';

/** Marks handlers as ours among the transports of a hybrid application. */
export const REMOTING_TRANSPORT = Symbol('rocketmq.remoting');

/** What a handler knows of a request besides its header and body. */
export interface RequestContext {
  /** Where it came from. It may be closed by the time an asynchronous handler is done; answering is harmless then. */
  readonly connection: ServerConnection;
  /** Release of the client, see `PeerVersion`. */
  readonly version: number;
  /** Language of the client, see `LanguageCode`. */
  readonly languageCode: number;
  /** The client wants no answer; what the handler returns or throws goes nowhere. */
  readonly oneWay: boolean;
}

/** A request as its handler gets it. All of it may be kept: nothing points into a receive buffer. */
export type RemotingRequest<C extends AnyCommand> = Received<C['request']> & RequestContext;

/** What a method must look like to handle a command. */
export type CommandHandler<C extends AnyCommand> = (
  request: RemotingRequest<C>,
) => Sent<C['response']> | WrittenAnswer | Promise<Sent<C['response']> | WrittenAnswer>;

const handlersByMethod = new WeakMap<object, AnyCommand>();

/**
 * Binds a method to a command. A method whose types are not that command's does not compile.
 *
 * Answers other than SUCCESS are thrown as `ResponseError`.
 * @throws {TypeError} the method handles another command already: Nest would keep one of the two and forget the other.
 */
export const Handles =
  <C extends AnyCommand>(command: C) =>
  <H extends CommandHandler<C>>(
    target: object,
    key: string,
    descriptor: TypedPropertyDescriptor<H>,
  ): void => {
    const method = descriptor.value!;
    const other = handlersByMethod.get(method);
    if (other) {
      throw new TypeError(`${key} handles ${other.name} already, ${command.name} needs its own`);
    }
    handlersByMethod.set(method, command);
    MessagePattern(command.code, REMOTING_TRANSPORT, { command })(target, key, descriptor);
  };
