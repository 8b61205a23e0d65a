import { describe, expect, it } from '@jest/globals';
import {
  CURRENT_VERSION,
  LanguageCode,
  PeerVersion,
  RequestCode,
  ResponseCode,
  commandOf,
  commands,
  fieldsOf,
  notSupported,
} from '../src/index.js';
import type { AnyCommand, Field } from '../src/index.js';
import { goldenJson } from './golden-files.js';

interface JavaField {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly default?: string | null;
}
interface JavaCommands {
  readonly requestCodes: readonly {
    readonly name: string;
    readonly code: number;
    readonly requestHeader: string | null;
    readonly responseHeader: string | null;
  }[];
  readonly responseCodes: readonly { readonly name: string; readonly code: number }[];
  readonly languageCodes: readonly { readonly name: string; readonly code: number }[];
  readonly mqVersions: Readonly<Record<string, number>>;
  readonly currentMqVersion: number;
  readonly headers: Readonly<Record<string, { readonly fields: readonly JavaField[] }>>;
}

const java = goldenJson<JavaCommands>('java-commands.json');
/** Ours alone are not to be found there. */
const shared = commands.filter((command: AnyCommand) => command.ours !== true);

/** Fields that Java puts into a message by hand, beside the header class. */
const addedByHand = new Map<string, string>([
  ['SEND_MESSAGE response MSG_REGION', 'SendMessageProcessor adds it to every answer'],
  ['SEND_MESSAGE response TRACE_ON', 'SendMessageProcessor adds it to every answer'],
  ['SEND_MESSAGE_V2 response MSG_REGION', 'SendMessageProcessor adds it to every answer'],
  ['SEND_MESSAGE_V2 response TRACE_ON', 'SendMessageProcessor adds it to every answer'],
  ['SEND_BATCH_MESSAGE response MSG_REGION', 'SendMessageProcessor adds it to every answer'],
  ['SEND_BATCH_MESSAGE response TRACE_ON', 'SendMessageProcessor adds it to every answer'],
  ['SEND_REPLY_MESSAGE response MSG_REGION', 'ReplyMessageProcessor adds it to every answer'],
  ['SEND_REPLY_MESSAGE response TRACE_ON', 'ReplyMessageProcessor adds it to every answer'],
  ['SEND_REPLY_MESSAGE_V2 response MSG_REGION', 'ReplyMessageProcessor adds it to every answer'],
  ['SEND_REPLY_MESSAGE_V2 response TRACE_ON', 'ReplyMessageProcessor adds it to every answer'],
  ['QUERY_MESSAGE request _UNIQUE_KEY_QUERY', 'MixAll#UNIQUE_MSG_QUERY_FLAG, set by the client'],
  ['HEART_BEAT response IS_SUPPORT_HEART_BEAT_V2', 'ClientManageProcessor#heartBeat'],
  ['HEART_BEAT response IS_SUB_CHANGE', 'ClientManageProcessor#heartBeat'],
  ['REGISTER_BROKER request __ZONE_NAME', 'MixAll#ZONE_NAME, read by DefaultRequestProcessor'],
  ['REGISTER_BROKER request __ADVERTISED', 'ours; Apache ignores fields that it does not know'],
  ['GET_ROUTEINFO_BY_TOPIC request __ZONE_MODE', 'MixAll#ZONE_MODE, read by ZoneRouteRPCHook'],
  ['GET_ROUTEINFO_BY_TOPIC request __ZONE_NAME', 'MixAll#ZONE_NAME, read by ZoneRouteRPCHook'],
]);

/** Where we ask for less than Java's annotations say, because Java's own peers leave the field out. */
const lessRequired = new Map<string, string>([
  ['GET_ALL_TOPIC_CONFIG request topicSeq', '4.x peers send no header at all'],
  ['GET_ALL_SUBSCRIPTIONGROUP_CONFIG request groupSeq', '4.x peers send no header at all'],
  ['GET_ALL_SUBSCRIPTIONGROUP_CONFIG response totalGroupNum', 'absent means that all came'],
]);

const javaTypes: Readonly<Record<string, string>> = {
  String: 'string',
  Integer: 'int32',
  int: 'int32',
  Long: 'int64',
  long: 'int64',
  Boolean: 'boolean',
  boolean: 'boolean',
  'org.apache.rocketmq.common.BoundaryType': 'enum',
};

const fieldsByWireName = (message: AnyCommand['request']): Map<string, Field<unknown>> =>
  new Map(fieldsOf(message).map(({ wireName, field }) => [wireName, field]));

function expectSameHeader(at: string, message: AnyCommand['request'], header: string | null): void {
  const theirs = header === null ? [] : java.headers[header]!.fields;
  const ours = fieldsByWireName(message);
  const extra = [...ours.keys()].filter((name) => !theirs.some((field) => field.name === name));
  expect(extra.filter((name) => !addedByHand.has(`${at} ${name}`))).toEqual([]);
  for (const field of theirs) {
    const our = ours.get(field.name);
    expect([at, field.name, our?.type]).toEqual([at, field.name, javaTypes[field.type]]);
    const javaDefault = field.default ?? undefined;
    if (!lessRequired.has(`${at} ${field.name}`)) {
      const required = field.required && javaDefault === undefined;
      const unlessDefaulted = our!.defaultValue === undefined ? required : false;
      expect([at, field.name, our!.required]).toEqual([at, field.name, unlessDefaulted]);
    }
    if (javaDefault !== undefined && our!.defaultValue !== undefined) {
      expect([at, field.name, JSON.stringify(our!.defaultValue).replaceAll('"', '')]).toEqual([
        at,
        field.name,
        javaDefault,
      ]);
    }
  }
}

describe('the registry of commands against Apache 5.5.0', () => {
  it('has each request code of Java once: as a command, or with a reason why not', () => {
    const ours = [
      ...shared.map(({ name, code }) => ({ name, code })),
      ...Object.entries(notSupported).map(([name, { code }]) => ({ name, code })),
    ];
    const byCode = (a: { code: number }, b: { code: number }): number => a.code - b.code;
    expect(ours.sort(byCode)).toEqual(
      java.requestCodes.map(({ name, code }) => ({ name, code })).sort(byCode),
    );
  });

  it('has no code of Java’s, also of those that may come, for what is ours', () => {
    const ours = commands.filter((command: AnyCommand) => command.ours === true);
    expect(ours.length).toBeGreaterThan(0);
    for (const { code } of ours) expect([code > 99_000, code < 100_000]).toEqual([true, true]);
  });

  for (const command of shared) {
    it(`${command.name} has Java's fields, types and required marks`, () => {
      const entry = java.requestCodes.find(({ code }) => code === command.code)!;
      expectSameHeader(`${command.name} request`, command.request, entry.requestHeader);
      expectSameHeader(`${command.name} response`, command.response, entry.responseHeader);
    });
  }

  it('keeps no exception that is no longer one', () => {
    const all = commands.flatMap((command) =>
      (['request', 'response'] as const).flatMap((side) =>
        [...fieldsByWireName(command[side]).keys()].map(
          (name) => `${command.name} ${side} ${name}`,
        ),
      ),
    );
    for (const exception of [...addedByHand.keys(), ...lessRequired.keys()]) {
      expect(all).toContain(exception);
    }
  });

  it('derives RequestCode and commandOf from the declarations', () => {
    expect(RequestCode.GET_MAX_OFFSET).toBe(30);
    expect(Object.keys(RequestCode)).toHaveLength(commands.length);
    for (const command of commands) expect(commandOf(command.code)).toBe(command);
    expect(commandOf(13)).toBeUndefined();
  });

  it('gives every not-supported code a sentence', () => {
    for (const { reason } of Object.values(notSupported)) expect(reason).toMatch(/^[A-Z].{15,}\.$/);
  });
});

describe('the other lists against Apache 5.5.0', () => {
  const byName = (list: readonly { name: string; code: number }[]): Record<string, number> =>
    Object.fromEntries(list.map(({ name, code }) => [name, code]));

  it('ResponseCode is equal', () => {
    expect({ ...ResponseCode }).toEqual(byName(java.responseCodes));
  });

  it('LanguageCode is equal, in the order of its numbers', () => {
    expect({ ...LanguageCode }).toEqual(byName(java.languageCodes));
    expect(Object.values(LanguageCode)).toEqual(Object.values(LanguageCode).map((_, i) => i));
  });

  it('PeerVersion has the ordinals of its releases, and ours is the newest Java release', () => {
    for (const [name, ordinal] of Object.entries(PeerVersion)) {
      expect([name, java.mqVersions[name]]).toEqual([name, ordinal]);
    }
    expect(CURRENT_VERSION).toBe(java.currentMqVersion);
  });
});
