import type { BodyCodec } from './schema/body.codec.js';
import type { Field } from './schema/field.js';
import { headerCodec } from './schema/header.codec.js';
import type { ExtFields, HeaderFields } from './schema/header.codec.js';
import { ResponseCode } from './response-code.js';

/** Header fields and body of one direction. */
export interface Message {
  readonly header: HeaderFields;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- inference recovers the type from the command
  readonly body: BodyCodec<any>;
}

/** A header field under the names that our code and the wire give it. */
export interface NamedField {
  readonly name: string;
  readonly wireName: string;
  readonly field: Field<unknown>;
}

/** The header fields of a message in the order of their declaration: for documents and comparisons. */
export const fieldsOf = (message: Message): NamedField[] =>
  Object.entries<Field<unknown>>(message.header).map(([name, field]) => ({
    name,
    wireName: field.wireName ?? name,
    field,
  }));

/** Who asks whom. */
export type Direction =
  | 'client to broker'
  | 'client to nameserver'
  | 'broker to nameserver'
  | 'nameserver to broker'
  | 'broker to broker'
  | 'broker to client';

/** One request code: the only place where its number, fields, bodies and failures are written down. */
export interface Command<
  Q extends Message,
  R extends Message,
  N extends string = string,
  C extends number = number,
> {
  readonly name: N;
  readonly code: C;
  readonly direction: Direction;
  readonly doc: string;
  readonly request: Q;
  readonly response: R;
  /** Every response code that a handler may answer, besides SUCCESS and `GENERAL_FAILURES`. */
  readonly failures: readonly ResponseCode[];
  /** Java classes of origin. */
  readonly source: string;
  /** Apache has no such code: only our own programs ask for it. */
  readonly ours?: true;
}

/** Some command. */
export type AnyCommand = Command<Message, Message>;

/** What any command may be answered: failures of the server itself, flow control, access rules, ill-typed fields. */
export const GENERAL_FAILURES: readonly ResponseCode[] = [
  ResponseCode.SYSTEM_ERROR,
  ResponseCode.SYSTEM_BUSY,
  ResponseCode.REQUEST_CODE_NOT_SUPPORTED,
  ResponseCode.NO_PERMISSION,
  ResponseCode.INVALID_PARAMETER,
  ResponseCode.GO_AWAY,
];

/** Whether an answer with this code is one that the command's declaration allows. */
export const mayAnswer = (command: AnyCommand, code: number): boolean =>
  code === ResponseCode.SUCCESS ||
  GENERAL_FAILURES.some((failure) => failure === code) ||
  command.failures.some((failure) => failure === code);

/** Declares a command. The name and number keep their literal types, so that `RequestCode` can be derived. */
export const defineCommand = <
  Q extends Message,
  R extends Message,
  const N extends string,
  const C extends number,
>(
  command: Command<Q, R, N, C>,
): Command<Q, R, N, C> => Object.freeze(command);

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- `infer` looks at the other parameter
type Read<F> = F extends Field<infer T, any> ? T : never;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- `infer` looks at the other parameter
type Write<F> = F extends Field<any, infer S> ? S : never;
type Body<M extends Message> = { readonly body: ReturnType<M['body']['decode']> };
type Omittable<H> = { [K in keyof H]: undefined extends Write<H[K]> ? K : never }[keyof H];

/** A message as its receiver sees it: defaults applied. */
export type Received<M extends Message> = Body<M> & {
  readonly header: { readonly [K in keyof M['header']]: Read<M['header'][K]> };
};

/** A message as its sender writes it: fields with a default may be left out. */
export type Sent<M extends Message, H = M['header']> = Body<M> & {
  readonly header: { readonly [K in Exclude<keyof H, Omittable<H>>]: Write<H[K]> } & {
    readonly [K in Omittable<H>]?: Write<H[K]>;
  };
};

/** A message ready to be framed. */
export interface EncodedMessage {
  readonly ext: ExtFields;
  readonly body: Buffer;
}

/** Both directions of a command, from and to what a frame carries. */
export interface CommandCodec<Q extends Message, R extends Message> {
  /** @throws {MalformedHeaderError} @throws {MalformedBodyError} */
  decodeRequest(ext: ExtFields, body: Buffer): Received<Q>;
  encodeRequest(request: Sent<Q>): EncodedMessage;
  /** For answers with code SUCCESS; other answers carry no header that can be relied on. */
  decodeResponse(ext: ExtFields, body: Buffer): Received<R>;
  encodeResponse(response: Sent<R>): EncodedMessage;
}

const codecs = new WeakMap<object, CommandCodec<Message, Message>>();

/** The codec of a command; built at the first call and kept. */
export function codec<Q extends Message, R extends Message>(
  command: Command<Q, R>,
): CommandCodec<Q, R> {
  let found = codecs.get(command);
  if (found === undefined) {
    found = buildCodec(command);
    codecs.set(command, found);
  }
  return found as unknown as CommandCodec<Q, R>;
}

function buildCodec(command: Command<Message, Message>): CommandCodec<Message, Message> {
  const request = messageCodec(command.request);
  const response = messageCodec(command.response);
  return {
    decodeRequest: request.decode,
    encodeRequest: request.encode,
    decodeResponse: response.decode,
    encodeResponse: response.encode,
  };
}

function messageCodec(message: Message): {
  decode: (ext: ExtFields, body: Buffer) => Received<Message>;
  encode: (sent: Sent<Message>) => EncodedMessage;
} {
  const header = headerCodec(message.header);
  const body = message.body;
  return {
    decode: (ext, bytes) => ({ header: header.decode(ext), body: body.decode(bytes) }),
    encode: (sent) => ({
      ext: header.encode(sent.header),
      body: body.encode(sent.body),
    }),
  };
}
