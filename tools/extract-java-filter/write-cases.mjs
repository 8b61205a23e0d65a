// Writes the table of cases: messages by hand, expressions by hand and by chance (always the same chance).
import { writeFileSync } from 'node:fs';
import { chosenExpressions } from './chosen-expressions.mjs';

const SEED = 20_261_121;
const RANDOM_EXPRESSION_COUNT = 3_000;
const BROKEN_SHARE = 0.12;

/** Properties as a record stores them: name \u0001 value \u0002. */
const stored = (properties) =>
  Object.entries(properties)
    .map(([name, value]) => `${name}\u0001${value}\u0002`)
    .join('');

const messages = [
  '',
  ...[
    { a: '5' },
    { a: '6', b: 'x', c: 'there' },
    { a: '4', b: 'x' },
    { a: '-5', b: 'y', c: '' },
    { a: '+5', b: '5', c: '5.0' },
    { a: '005', b: ' x', c: 'X' },
    { a: '5.0', b: '5', c: 'true' },
    { a: 'abc', b: 'x', c: 'TRUE' },
    { a: ' 5 ', b: ' 5 ', c: 'False' },
    { a: '2147483647', b: '2147483648', c: '-2147483648' },
    { a: '9223372036854775807', b: '9223372036854775808', c: '-9223372036854775808' },
    { a: '1e3', b: '1000', c: '1000.0' },
    { a: '0x10', b: '0x1.8p3', c: '12' },
    { a: 'NaN', b: 'Infinity', c: '-Infinity' },
    { a: '0', b: '-0', c: '-0.0' },
    { a: '5f', b: '5d', c: '5L' },
    { a: '.5', b: '5.', c: '1e-400' },
    { a: '-', b: '+', c: '--5' },
    { a: '\u0665', b: '\uff15', c: '\u0967\u0968' },
    { a: '\u4f60\u597d', b: '\u597d', c: '\ud83d\ude00' },
    { A: '5', B: 'x', C: 'y' },
    { a: "it's", b: "''", c: '%x_' },
    { TAGS: 'x', KEYS: 'k', a: '123456789', b: '1234567890', c: '-123456789' },
    { a: '9007199254740993', b: '9007199254740992', c: '9007199254740992.5' },
    { a: '00000000000000000000000000000000005', b: '0000000005', c: '-00000000000000000000' },
    { a: 'xay', b: 'ax', c: 'xa' },
    { b: 'y' },
    { c: 'z' },
  ].map(stored),
  // Odd bytes: no value, no name, no separator, doubles, no end.
  'a\u0001\u0002b\u0001x\u0002',
  '\u0001x\u0002a\u00015\u0002',
  'junk\u0002a\u00016\u0002',
  'a\u00015\u0002a\u00016\u0002',
  'a\u00016\u0002a\u00015\u0002b\u0001x\u0001y',
  'a\u00017',
  '\u0002\u0002\u0001\u0001\u0002a\u00018\u0002',
];

function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const next = random(SEED);
const pick = (list) => list[Math.floor(next() * list.length)];
const chance = (probability) => next() < probability;

const names = ['a', 'b', 'c', 'd', 'A', '_x', '$y1'];
const numbers = [
  '0',
  '4',
  '5',
  '5L',
  '6',
  '5.0',
  '4.5',
  '.5',
  '5.',
  '1e3',
  '1000',
  '2147483647',
  '2147483648',
];
const bigNumbers = [
  '9223372036854775807',
  '9007199254740993',
  '1e308',
  '5e-324',
  '123456789',
  '1234567890',
];
const strings = ["'x'", "'5'", "''", "'a'", "'true'", "'y'", "'it''s'", "'\u597d'", "' x'"];

const word = (text) =>
  chance(0.8) ? text : chance(0.5) ? text.toLowerCase() : text[0] + text.slice(1).toLowerCase();
const gap = () => (chance(0.95) ? ' ' : pick(['  ', '\t', '\n', '/* x */', ' /**/ ', ' --x\n']));
const join = (...parts) => parts.join(gap());

function value(depth) {
  const roll = next();
  if (roll < 0.5) return pick(names);
  if (roll < 0.75) return pick(numbers);
  if (roll < 0.8) return pick(bigNumbers);
  if (roll < 0.87) return pick(strings);
  if (roll < 0.92) return pick(['TRUE', 'FALSE', 'NULL', 'true', 'False', 'null']);
  if (roll < 0.95) return `${pick(['-', '+', '- '])}${value(depth)}`;
  return depth > 0 ? `(${condition(depth - 1)})` : pick(names);
}

function test(depth) {
  const roll = next();
  const left = chance(0.7) ? pick(names) : value(depth);
  const not = chance(0.3) ? `${word('NOT')}${gap()}` : '';
  if (roll < 0.25) return join(left, pick(['=', '<>']), chance(0.5) ? pick(strings) : value(depth));
  if (roll < 0.5)
    return join(left, pick(['<', '<=', '>', '>=']), chance(0.8) ? pick(numbers) : value(depth));
  if (roll < 0.6) return join(left, word('IS'), `${not}${word('NULL')}`);
  if (roll < 0.7) {
    const list = Array.from({ length: 1 + Math.floor(next() * 7) }, () => pick(strings));
    return join(left, `${not}${word('IN')}`, `(${list.join(pick([',', ', ']))})`);
  }
  if (roll < 0.82) {
    return join(left, `${not}${word('BETWEEN')}`, value(0), word('AND'), value(0));
  }
  if (roll < 0.96)
    return join(left, `${not}${word(pick(['CONTAINS', 'STARTSWITH', 'ENDSWITH']))}`, pick(strings));
  return value(depth);
}

function condition(depth) {
  if (depth === 0 || chance(0.35)) return test(depth);
  const roll = next();
  if (roll < 0.35) return join(condition(depth - 1), word('AND'), condition(depth - 1));
  if (roll < 0.7) return join(condition(depth - 1), word('OR'), condition(depth - 1));
  if (roll < 0.85) return join(word('NOT'), `(${condition(depth - 1)})`);
  return `(${condition(depth - 1)})`;
}

/** Takes a piece out, doubles it or puts a stranger in. */
function broken(text) {
  const at = Math.floor(next() * text.length);
  const length = 1 + Math.floor(next() * 4);
  const piece = text.slice(at, at + length);
  const changed = pick([
    '',
    piece + piece,
    pick(["'", '(', ')', '#', '=', ' AND ', '0', '.', '-', '/*', '\u00e4']),
  ]);
  return text.slice(0, at) + changed + text.slice(at + length);
}

const expressions = [...chosenExpressions];
for (let i = 0; i < RANDOM_EXPRESSION_COUNT; i++) {
  const text = condition(Math.floor(next() * 4));
  expressions.push(chance(BROKEN_SHARE) ? broken(text) : text);
}

writeFileSync(
  process.argv[2],
  `${JSON.stringify({ messages, expressions: [...new Set(expressions)] }, undefined, 1)}\n`,
);
