import { always, concealNames, differences, noise } from './rules.mjs';

/**
 * @typedef {object} Judgement of one step
 * @property {import('./script.mjs').Step} step
 * @property {'same' | 'differs' | 'not offered' | 'wrong'} verdict
 * @property {string[]} whys reasons, of a verdict that needs some
 * @property {string} [problem] of the verdict `wrong`: what is not as the script says
 */

/**
 * Judges every step of a script by what it printed against both clusters.
 *
 * @param {import('./script.mjs').Step[]} steps
 * @param {Awaited<ReturnType<typeof import('./admin-process.mjs').runScript>>} apache
 * @param {typeof apache} ours
 * @returns {Judgement[]}
 */
export function judge(steps, apache, ours) {
  const runs = steps.filter((step) => step.run !== undefined);
  return runs.map((step, index) => {
    const texts = [apache, ours].map((report) => plainText(step, report, report.results[index]));
    return { step, whys: [], ...judgeStep(step, texts[0], texts[1]) };
  });
}

/** Output and end of one sub-command without what differs between any two runs. */
function plainText(step, report, result) {
  if (result?.id !== step.id) throw new Error(`the result of "${step.id}" is missing`);
  const text = always(concealNames(report.names)(result.output));
  return (step.noise ?? []).reduce(
    (rewritten, name) => ruleOf(noise, name)(rewritten),
    `${text}\n(${result.end})`,
  );
}

function judgeStep(step, apache, ours) {
  if (ours.endsWith('(timed out)')) return wrong('did not end', apache, ours);
  const refusal = step.notOffered ?? step.stricter;
  if (refusal) {
    return judgeRefusal(refusal, step.notOffered ? 'not offered' : 'differs', apache, ours);
  }
  if (step.neither) return judgeNeither(step.neither, apache, ours);
  if (apache === ours) {
    if (step.differs) return wrong(`does not differ any more; remove "differs"`, apache, ours);
    return { verdict: 'same' };
  }
  if (!step.differs) return wrong('differs', apache, ours);
  const [a, o] = step.differs
    .map((name) => ruleOf(differences, name).rewrite)
    .reduce(([one, other], rewrite) => [rewrite(one, other), rewrite(other, one)], [apache, ours]);
  if (a !== o) return wrong('differs in more than the script says', a, o);
  return { verdict: 'differs', whys: step.differs.map((name) => differences[name].why) };
}

function judgeRefusal({ answer, why }, verdict, apache, ours) {
  if (apache === ours) return wrong('is what Apache answers; nothing is refused', apache, ours);
  if (!ours.includes(answer)) return wrong(`does not say "${answer}"`, apache, ours);
  return { verdict, whys: [why] };
}

function judgeNeither({ why }, apache, ours) {
  if (apache !== ours) return wrong('differs', apache, ours);
  return { verdict: 'not offered', whys: [why] };
}

function wrong(problem, apache, ours) {
  return { verdict: 'wrong', problem: `${problem}\n${changedLines(apache, ours)}` };
}

function ruleOf(rules, name) {
  if (!Object.hasOwn(rules, name)) throw new Error(`no rule is called "${name}"`);
  return rules[name];
}

/** Lines of one text that the other lacks, marked `-` (Apache's) and `+` (ours); all of both when only their order differs. */
export function changedLines(apache, ours) {
  const lines = [apache.split('\n'), ours.split('\n')];
  const missing = (from, other) => {
    const left = new Map();
    for (const line of other) left.set(line, (left.get(line) ?? 0) + 1);
    return from.filter((line) => {
      const count = left.get(line) ?? 0;
      left.set(line, count - 1);
      return count <= 0;
    });
  };
  const gone = missing(lines[0], lines[1]);
  const come = missing(lines[1], lines[0]);
  const marked = (mark, texts) => texts.map((line) => `  ${mark} ${line}`);
  if (gone.length + come.length > 0) return [...marked('-', gone), ...marked('+', come)].join('\n');
  return [...marked('-', lines[0]), ...marked('+', lines[1])].join('\n');
}
