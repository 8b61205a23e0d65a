import type { ComparisonOperator, NumberOperand, Operand } from './expression.js';
import {
  compareJavaDoubles,
  parseJavaDouble,
  parseJavaInt,
  parseJavaLong,
} from './java-numbers.js';
import { FAILED, FALSE, TRUE, UNKNOWN, asOutcome } from './outcome.js';
import type { Check, Outcome } from './outcome.js';
import type { PropertyView } from './property-view.js';
import { readSmallInt } from './small-int.js';

/** What a comparison is compiled with. */
export interface ComparisonScope {
  readonly view: PropertyView;
  readonly slotOf: (name: string) => number;
  compile(operand: Operand & { kind: 'predicate' }): Check;
}

type Equation = { operator: ComparisonOperator; left: Operand; right: Operand };

/** Which results of a three-way comparison satisfy an operator: bit 0 for below, bit 1 for equal, bit 2 for above. */
const SATISFYING: Record<ComparisonOperator, number> = { '<': 1, '<=': 3, '=': 2, '>=': 6, '>': 4 };
const MIRRORED: Record<ComparisonOperator, ComparisonOperator> = {
  '<': '>',
  '<=': '>=',
  '=': '=',
  '>=': '<=',
  '>': '<',
};

/**
 * Compiles a comparison. Properties are texts: what they are compared with decides how they are read, and a text that
 * cannot be read that way fails the whole filter for this message.
 * Source: rocketmq 5.5.0 `ComparisonExpression#evaluate`, `#doCreateEqual`, `#__compare`.
 */
export function compileComparison(
  { operator, left, right }: Equation,
  scope: ComparisonScope,
): Check {
  // The common cases work on the bytes; all others on values.
  if (left.kind === 'property' && isInteger(right)) {
    return propertyWithInteger(scope, left.name, SATISFYING[operator], right, UNKNOWN);
  }
  if (right.kind === 'property' && isInteger(left)) {
    // `5 = a` is FALSE where there is no `a`, while `a = 5` is unknown: Apache looks at the left side first.
    const absent = operator === '=' ? FALSE : UNKNOWN;
    return propertyWithInteger(scope, right.name, SATISFYING[MIRRORED[operator]], left, absent);
  }
  if (operator === '=' && left.kind === 'property' && right.kind === 'string') {
    return propertyWithText(scope, left.name, right.value, UNKNOWN);
  }
  if (operator === '=' && left.kind === 'string' && right.kind === 'property') {
    return propertyWithText(scope, right.name, left.value, FALSE);
  }
  const readLeft = compileValue(left, scope);
  const readRight = compileValue(right, scope);
  const rule = {
    satisfying: SATISFYING[operator],
    ordering: operator !== '=',
    leftKind: valueKind(left),
    rightKind: valueKind(right),
  };
  return () => compareValues(readLeft(), readRight(), rule);
}

type IntegerOperand = NumberOperand & { kind: 'int' | 'long'; value: number };

const isInteger = (operand: Operand): operand is IntegerOperand =>
  (operand.kind === 'int' || operand.kind === 'long') && typeof operand.value === 'number';

function propertyWithInteger(
  { view, slotOf }: ComparisonScope,
  name: string,
  satisfying: number,
  { kind, value: limit }: IntegerOperand,
  absent: Outcome,
): Check {
  const slot = slotOf(name);
  const parse = kind === 'int' ? parseJavaInt : parseJavaLong;
  return () => {
    const start = view.starts[slot]!;
    if (start < 0) return absent;
    let value: number | bigint | undefined = readSmallInt(view.bytes, start, view.ends[slot]!);
    value ??= parse(view.text(slot));
    if (value === undefined) return FAILED;
    const side = value < limit ? 1 : value > limit ? 4 : 2;
    return (satisfying & side) === 0 ? FALSE : TRUE;
  };
}

function propertyWithText(
  { view, slotOf }: ComparisonScope,
  name: string,
  text: string,
  absent: Outcome,
): Check {
  const slot = slotOf(name);
  const wanted = Buffer.from(text, 'utf8');
  return () => (view.has(slot) ? asOutcome(view.equals(slot, wanted)) : absent);
}

/** A value of a message or of the expression; null for NULL, undefined where evaluating it failed. */
type Value = string | number | bigint | boolean | null | undefined;
type ValueKind = 'text' | 'int' | 'long' | 'double' | 'boolean';

interface ComparisonRule {
  readonly satisfying: number;
  readonly ordering: boolean;
  readonly leftKind: ValueKind;
  readonly rightKind: ValueKind;
}

/** The type that the operand's values have in Java, where they are not NULL. */
function valueKind(operand: Operand): ValueKind {
  switch (operand.kind) {
    case 'property':
    case 'string':
      return 'text';
    case 'predicate':
    case 'null':
      return 'boolean';
    default:
      return operand.kind;
  }
}

/** A way to get an operand's value. */
export function compileValue(operand: Operand, scope: ComparisonScope): () => Value {
  switch (operand.kind) {
    case 'property': {
      const { view } = scope;
      const slot = scope.slotOf(operand.name);
      return () => (view.has(slot) ? view.text(slot) : null);
    }
    case 'predicate': {
      const check = scope.compile(operand);
      return () => {
        const outcome = check();
        if (outcome === FAILED) return undefined;
        return outcome === UNKNOWN ? null : outcome === TRUE;
      };
    }
    case 'null':
      return () => null;
    default: {
      const { value } = operand;
      return () => value;
    }
  }
}

function compareValues(left: Value, right: Value, rule: ComparisonRule): Outcome {
  if (left === undefined) return FAILED;
  if (rule.ordering) {
    // Java does not look at the right side where the left one is NULL.
    if (left === null) return UNKNOWN;
    if (right === undefined) return FAILED;
    if (right === null) return UNKNOWN;
  } else {
    if (right === undefined) return FAILED;
    if (left === null) return right === null ? TRUE : UNKNOWN;
    if (right === null) return FALSE;
  }
  const order = threeWay(left, right, rule);
  return order === undefined ? FAILED : asOutcome((rule.satisfying & (1 << (order + 1))) !== 0);
}

/** -1, 0, 1, or undefined where Java throws. */
function threeWay(
  left: NonNullable<Value>,
  right: NonNullable<Value>,
  { leftKind, rightKind, ordering }: ComparisonRule,
): number | undefined {
  if (leftKind === 'text') {
    if (rightKind === 'text') {
      if (!ordering) return left === right ? 0 : -1;
      return compareAs('double', left, right);
    }
    if (rightKind === 'boolean') return Math.sign(Number(asJavaBoolean(left)) - Number(right));
    return compareAs(rightKind, left, right);
  }
  if (leftKind === 'boolean') {
    // Java casts a boolean to a text here, which throws; a number has nothing in common with it and counts as "above".
    if (rightKind === 'text') return undefined;
    return rightKind === 'boolean' ? Math.sign(Number(left) - Number(right)) : -1;
  }
  if (rightKind === 'text') return compareAs(leftKind, left, right);
  if (rightKind === 'boolean') return -1;
  if (leftKind === 'double' || rightKind === 'double') return compareAs('double', left, right);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Compares two values after reading texts as the number that `kind` says. */
function compareAs(
  kind: 'int' | 'long' | 'double',
  left: NonNullable<Value>,
  right: NonNullable<Value>,
): number | undefined {
  if (kind === 'double') {
    const leftDouble = typeof left === 'string' ? parseJavaDouble(left) : Number(left);
    const rightDouble = typeof right === 'string' ? parseJavaDouble(right) : Number(right);
    if (leftDouble === undefined || rightDouble === undefined) return undefined;
    return compareJavaDoubles(leftDouble, rightDouble);
  }
  const parse = kind === 'int' ? parseJavaInt : parseJavaLong;
  const leftInteger = typeof left === 'string' ? parse(left) : left;
  const rightInteger = typeof right === 'string' ? parse(right) : right;
  if (leftInteger === undefined || rightInteger === undefined) return undefined;
  return leftInteger < rightInteger ? -1 : leftInteger > rightInteger ? 1 : 0;
}

/** `Boolean.valueOf(text)`. */
const asJavaBoolean = (text: NonNullable<Value>): boolean => String(text).toLowerCase() === 'true';
