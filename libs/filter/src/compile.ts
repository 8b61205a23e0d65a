import { compileComparison, compileValue } from './compile-comparison.js';
import type { ComparisonScope } from './compile-comparison.js';
import type { Operand, Predicate } from './expression.js';
import { FAILED, FALSE, TRUE, UNKNOWN, asOutcome } from './outcome.js';
import type { Check, Outcome } from './outcome.js';
import { PropertyView } from './property-view.js';

/** Lists up to this length are walked through on the bytes. */
const SHORT_LIST_MAX = 4;

/** A predicate made ready to run, and the view through which it sees messages. */
export interface CompiledPredicate {
  readonly view: PropertyView;
  readonly check: Check;
  /** How many tests the predicate consists of: what evaluating it costs at most, in looks at a value. */
  readonly testCount: number;
}

/** Compiles a predicate into closures; they allocate nothing where properties are compared with constants. */
export function compilePredicate(predicate: Predicate): CompiledPredicate {
  const slots = new Map<string, number>();
  collectNames(predicate, slots);
  const view = new PropertyView([...slots.keys()]);
  const compiler = new Compiler(view, slots);
  const check = compiler.compilePredicate(predicate);
  return { view, check, testCount: compiler.testCount };
}

class Compiler implements ComparisonScope {
  testCount = 0;

  constructor(
    readonly view: PropertyView,
    private readonly slots: ReadonlyMap<string, number>,
  ) {}

  readonly slotOf = (name: string): number => this.slots.get(name)!;

  compile(operand: Operand & { kind: 'predicate' }): Check {
    return this.compilePredicate(operand.predicate);
  }

  compilePredicate(predicate: Predicate): Check {
    this.testCount++;
    switch (predicate.kind) {
      case 'and':
        return junction(this.terms(predicate.terms), FALSE, TRUE);
      case 'or':
        return junction(this.terms(predicate.terms), TRUE, FALSE);
      case 'not':
        return negation(this.compilePredicate(predicate.term));
      case 'compare':
        return compileComparison(predicate, this);
      case 'is-null':
        return this.isNull(predicate.operand);
      case 'in':
        return this.in(predicate);
      case 'text-test':
        return this.textTest(predicate);
      case 'constant': {
        const outcome = predicate.value === null ? UNKNOWN : asOutcome(predicate.value);
        return () => outcome;
      }
      case 'property-as-boolean': {
        const { view } = this;
        const slot = this.slotOf(predicate.name);
        return () => (view.has(slot) ? FALSE : UNKNOWN);
      }
    }
  }

  private terms(predicates: readonly Predicate[]): Check[] {
    return predicates.map((term) => this.compilePredicate(term));
  }

  private isNull(operand: Operand): Check {
    if (operand.kind === 'property') {
      const { view } = this;
      const slot = this.slotOf(operand.name);
      return () => (view.has(slot) ? FALSE : TRUE);
    }
    const value = compileValue(operand, this);
    return () => {
      const found = value();
      return found === undefined ? FAILED : asOutcome(found === null);
    };
  }

  /** Source: rocketmq 5.5.0 `UnaryExpression#createInExpression`. */
  private in({ name, texts, negated }: Predicate & { kind: 'in' }): Check {
    const { view } = this;
    const slot = this.slotOf(name);
    const inside: Outcome = negated ? FALSE : TRUE;
    const outside: Outcome = negated ? TRUE : FALSE;
    if (texts.length > SHORT_LIST_MAX) {
      const known = new Set(texts);
      return () => {
        if (!view.has(slot)) return UNKNOWN;
        return known.has(view.text(slot)) ? inside : outside;
      };
    }
    const wanted = texts.map((text) => Buffer.from(text, 'utf8'));
    return () => {
      if (!view.has(slot)) return UNKNOWN;
      for (const text of wanted) if (view.equals(slot, text)) return inside;
      return outside;
    };
  }

  /**
   * Never unknown: without a value, with one that is no text and with an empty search text the answer is FALSE, for the
   * negated tests too. Source: rocketmq 5.5.0 `ComparisonExpression.ContainsExpression` and its neighbours.
   */
  private textTest({ test, operand, text, negated }: Predicate & { kind: 'text-test' }): Check {
    if (text === '') return () => FALSE;
    const found: Outcome = negated ? FALSE : TRUE;
    const missed: Outcome = negated ? TRUE : FALSE;
    if (operand.kind !== 'property') {
      const value = compileValue(operand, this);
      return () => {
        const candidate = value();
        if (candidate === undefined) return FAILED;
        if (typeof candidate !== 'string') return FALSE;
        return passes(candidate, test, text) ? found : missed;
      };
    }
    const { view } = this;
    const slot = this.slotOf(operand.name);
    if (test === 'CONTAINS') {
      return () => {
        if (!view.has(slot)) return FALSE;
        return view.text(slot).includes(text) ? found : missed;
      };
    }
    const wanted = Buffer.from(text, 'utf8');
    if (test === 'STARTSWITH') {
      return () => (view.has(slot) ? (view.startsWith(slot, wanted) ? found : missed) : FALSE);
    }
    return () => (view.has(slot) ? (view.endsWith(slot, wanted) ? found : missed) : FALSE);
  }
}

/** AND, OR: `decisive` decides alone and spares the terms behind it. Source: rocketmq 5.5.0 `LogicExpression`. */
function junction(terms: readonly Check[], decisive: Outcome, otherwise: Outcome): Check {
  if (terms.length === 2) {
    const [first, second] = terms as [Check, Check];
    return () => {
      const left = first();
      if (left === decisive || left === FAILED) return left;
      const right = second();
      if (right === decisive || right === FAILED) return right;
      return left === UNKNOWN || right === UNKNOWN ? UNKNOWN : otherwise;
    };
  }
  return () => {
    let outcome = otherwise;
    for (const term of terms) {
      const one = term();
      if (one === decisive || one === FAILED) return one;
      if (one === UNKNOWN) outcome = UNKNOWN;
    }
    return outcome;
  };
}

const negation =
  (term: Check): Check =>
  () => {
    const outcome = term();
    if (outcome === TRUE) return FALSE;
    return outcome === FALSE ? TRUE : outcome;
  };

function passes(candidate: string, test: string, text: string): boolean {
  if (test === 'CONTAINS') return candidate.includes(text);
  return test === 'STARTSWITH' ? candidate.startsWith(text) : candidate.endsWith(text);
}

/** Gives each property that is named a slot. */
function collectNames(predicate: Predicate, slots: Map<string, number>): void {
  const note = (name: string): void => {
    if (!slots.has(name)) slots.set(name, slots.size);
  };
  const noteOperand = (operand: Operand): void => {
    if (operand.kind === 'property') note(operand.name);
    else if (operand.kind === 'predicate') collectNames(operand.predicate, slots);
  };
  switch (predicate.kind) {
    case 'and':
    case 'or':
      for (const term of predicate.terms) collectNames(term, slots);
      break;
    case 'not':
      collectNames(predicate.term, slots);
      break;
    case 'compare':
      noteOperand(predicate.left);
      noteOperand(predicate.right);
      break;
    case 'is-null':
    case 'text-test':
      noteOperand(predicate.operand);
      break;
    case 'in':
    case 'property-as-boolean':
      note(predicate.name);
      break;
    case 'constant':
  }
}
