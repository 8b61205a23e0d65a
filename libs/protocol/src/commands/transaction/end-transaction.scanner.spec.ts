import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { codec } from '../../define-command.js';
import type { RemotingFrame } from '../../frame/frame.js';
import { ProtocolError } from '../../protocol-errors.js';
import { binaryFrame, rawFrame } from '../../../test/raw-frames.js';
import { EndTransaction } from './end-transaction.command.js';
import { EndTransactionScanner } from './end-transaction.scanner.js';

type Fields = readonly (readonly [string, string])[];

const usual: Fields = [
  ['producerGroup', 'producers'],
  ['tranStateTableOffset', '12'],
  ['commitLogOffset', '9007199254740'],
  ['commitOrRollback', '8'],
  ['fromTransactionCheck', 'true'],
  ['msgId', '7F00000100002A9F0000000000000C1B'],
  ['transactionId', '7F00000100002A9F0000000000000C1B'],
  ['topic', 'orders'],
  ['bname', 'broker-a'],
];

const scanner = new EndTransactionScanner();

const frameWith = (fields: Fields, gap = ''): RemotingFrame =>
  rawFrame(
    `{"code":37,"extFields":{${fields.map(([name, value]) => `"${name}":${gap}"${value}"`).join(',')}},` +
      '"flag":2,"language":"JAVA","opaque":1,"serializeTypeCurrentRPC":"JSON","version":513}',
  );

/** What the broker looks at, or the words of the refusal. */
function picked(read: (frame: RemotingFrame) => object, frame: RemotingFrame): unknown {
  try {
    const header = read(frame) as Record<string, unknown>;
    return [
      ...['producerGroup', 'queueOffset', 'commitLogOffset', 'commitOrRollback'],
      'fromTransactionCheck',
    ].map((name) => header[name]);
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return (error as Error).message;
  }
}

const scanned = (frame: RemotingFrame): unknown => picked((from) => scanner.scan(from), frame);
const strictly = (frame: RemotingFrame): unknown =>
  picked((from) => codec(EndTransaction).decodeRequest(from.ext(), Buffer.alloc(0)).header, frame);

describe('EndTransactionScanner', () => {
  it('reads what clients send, in any order, and forgets it for the next', () => {
    expect(scanned(frameWith(usual))).toEqual(['producers', 12, 9_007_199_254_740, 8, true]);
    const few = usual.filter(([name]) => !['fromTransactionCheck', 'topic'].includes(name));
    const without = ['producers', 12, 9_007_199_254_740, 8, false];
    expect(scanned(frameWith([...few].reverse()))).toEqual(without);
  });

  it('knows the names of the header before, and is not misled by names that begin alike', () => {
    const alike = usual.map(([name, value]) => [`${name}Too`, value] as const);
    expect(scanned(frameWith(usual))).toEqual(scanned(frameWith(usual)));
    expect(scanned(frameWith(alike))).toEqual(strictly(frameWith(alike)));
    expect(scanned(frameWith([...usual].reverse()))).toEqual(scanned(frameWith(usual)));
  });

  it.each([
    ['white space', frameWith(usual, ' ')],
    ['a missing id', frameWith(usual.filter(([name]) => name !== 'msgId'))],
    ['a missing place', frameWith(usual.filter(([name]) => name !== 'commitLogOffset'))],
    ['a doubled field', frameWith([...usual, ['commitOrRollback', '12']])],
    ['an unknown field', frameWith([...usual, ['oway', 'true']])],
    ['an escape', frameWith([...usual.slice(1), ['producerGroup', String.raw`pro\u0064ucers`]])],
    ['text beyond ASCII', frameWith([...usual.slice(1), ['producerGroup', 'прод']])],
    ['a number too large', frameWith([...usual.slice(0, 3), ['commitOrRollback', '4294967296']])],
    ['a number that is none', frameWith([['tranStateTableOffset', '1x'], ...usual.slice(2)])],
    [
      'no boolean',
      frameWith([...usual.filter(([n]) => n[0] !== 'f'), ['fromTransactionCheck', '1']]),
    ],
    ['the binary header', binaryFrame(EndTransaction.code, usual)],
  ])('gives what the codec gives for %s', (_, frame) => {
    expect(scanned(frame)).toEqual(strictly(frame));
  });

  it('gives what the codec gives for headers of any kind', () => {
    const name = fc.constantFrom(...usual.map(([known]) => known), 'ns', '');
    const value = fc.oneof(
      fc.constantFrom('', 'true', 'false', 'TRUE', '-', '-0', '8', '12', '9'.repeat(15)),
      fc.integer().map(String),
      fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
      fc.string().map((text) => JSON.stringify(text).slice(1, -1)),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 4 }), fc.nat(9), (more, cut) => {
        const frame = frameWith([...usual.slice(0, cut), ...more, ...usual.slice(cut)]);
        expect(scanned(frame)).toEqual(strictly(frame));
        const replaced = new Map([...usual, ...more]);
        const single = frameWith([...replaced]);
        expect(scanned(single)).toEqual(strictly(single));
      }),
    );
  });
});
