import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changedLines, judge } from './compare.mjs';
import { describe } from './document.mjs';
import { always, differences, noise } from './rules.mjs';
import { steps } from './script.mjs';

const report = (output, end = 'done', names = {}) => ({
  names,
  results: [{ id: 'topicList', end, took: 1, output }],
});
const judged = (more, apache, ours) =>
  judge([{ id: 'topicList', run: 'topicList', ...more }], apache, ours)[0];

test('equal outputs are the same', () => {
  assert.equal(judged({}, report('a\n'), report('a')).verdict, 'same');
});

test('what a run was told to call by a name may differ', () => {
  const apache = report('at 127.0.0.1:1000', 'done', { broker: '127.0.0.1:1000' });
  const ours = report('at 127.0.0.1:2000', 'done', { broker: '127.0.0.1:2000' });
  assert.equal(judged({}, apache, ours).verdict, 'same');
});

test('a difference that no rule covers is wrong', () => {
  const { verdict, problem } = judged({}, report('a\nb'), report('a\nc'));
  assert.equal(verdict, 'wrong');
  assert.match(problem, /- b\n {2}\+ c/);
});

test('equal outputs with unequal ends are wrong', () => {
  assert.equal(judged({}, report('a'), report('a', 'failed')).verdict, 'wrong');
});

test('what does not end is wrong even where it need not be offered', () => {
  const step = { notOffered: { answer: 'CODE: 3', why: 'none' } };
  assert.equal(judged(step, report('a'), report('CODE: 3', 'timed out')).verdict, 'wrong');
});

test('a refusal must be the one that was declared', () => {
  const step = { notOffered: { answer: 'CODE: 3', why: 'none yet' } };
  const offered = judged(step, report('a'), report('CODE: 3 not supported', 'failed'));
  assert.deepEqual([offered.verdict, offered.whys], ['not offered', ['none yet']]);
  assert.equal(judged(step, report('a'), report('CODE: 1', 'failed')).verdict, 'wrong');
  assert.equal(judged(step, report('CODE: 3'), report('CODE: 3')).verdict, 'wrong');
});

test('what neither cluster offers must be refused alike', () => {
  const step = { neither: { why: 'no controller' } };
  const refusal = report('CODE: 3', 'failed');
  assert.equal(judged(step, refusal, refusal).verdict, 'not offered');
  assert.equal(judged(step, refusal, report('done')).verdict, 'wrong');
});

test('a declared difference must be there, and must be all that differs', () => {
  const step = { differs: ['code of wrong arguments'] };
  const [apache, ours] = [report('CODE: 1  x'), report('CODE: 29  x')];
  assert.equal(judged(step, apache, ours).verdict, 'differs');
  assert.equal(judged(step, apache, apache).verdict, 'wrong');
  assert.equal(judged(step, apache, report('CODE: 29  y')).verdict, 'wrong');
});

test('settings that both have must have one value', () => {
  const step = { differs: ['settings'] };
  const verdict = (apache, ours) => judged(step, report(apache), report(ours)).verdict;
  assert.equal(verdict('a = 1\nb = 2', 'a = 1\nc = 3'), 'differs');
  assert.equal(verdict('a = 1\nb = 2', 'a = 2\nc = 3'), 'wrong');
});

test('lines in another order are shown', () => {
  assert.equal(changedLines('a\nb', 'b\na'), '  - a\n  - b\n  + b\n  + a');
});

test('rules leave numbers that are not noise', () => {
  const text = 'Orders  broker-a  0  10  7  <n>';
  assert.equal(always(text), text);
  assert.equal(noise.rates('Consume Diff Total: 7'), 'Consume Diff Total: 7');
});

test('every rule that a step names exists, and every rule is named by a step', () => {
  const named = (kind) => new Set(steps.flatMap((step) => step[kind] ?? []));
  assert.deepEqual([...named('noise')].sort(), Object.keys(noise).sort());
  assert.deepEqual([...named('differs')].sort(), Object.keys(differences).sort());
});

test('no two invocations have one name', () => {
  const ids = steps.filter((step) => step.run).map((step) => step.id);
  const known = ids.filter((id, i) => ids.indexOf(id) !== i);
  // Those that look at the same thing again, after something has changed it.
  const again = [
    'topicRoute',
    'topicList',
    'consumerProgress',
    'consumerConnection',
    'getConsumerConfig',
    'updateOrderConf',
    'cleanUnusedTopic',
  ];
  assert.deepEqual(
    known.filter((id) => !again.includes(id.split(' ')[0])),
    [],
  );
});

test('the table says the worst of a sub-command and why', () => {
  const judgement = (verdict, whys = []) => ({ step: { run: 'topicList' }, verdict, whys });
  const text = describe(
    ['topicList', 'topicRoute'],
    [judgement('same'), judgement('differs', ['a | b']), judgement('differs', ['a | b'])],
  );
  assert.match(text, /\| `topicList` +\| 3 +\| differs \(2\) +\| a \\\| b +\|/);
  assert.match(text, /\| `topicRoute` +\| 0 +\| not tried +\|/);
});
