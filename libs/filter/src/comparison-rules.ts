import type { Operand, NumberOperand } from './expression.js';
import { narrow } from './java-numbers.js';

const INT64_MAX = 2n ** 63n - 1n;
const INT32_LIMIT = 2 ** 31;

/**
 * An integer as written. Up to 32 bits it is an int, which matters: a text beyond 32 bits cannot be compared with it.
 * @returns undefined beyond 64 bits. Source: rocketmq 5.5.0 `ConstantExpression#createFromDecimal`.
 */
export function integerOperand(text: string): NumberOperand | undefined {
  const digits = text.replace(/l$/i, '');
  if (digits.length > 19) return undefined;
  const value = BigInt(digits);
  if (value > INT64_MAX) return undefined;
  const kind = value < INT32_LIMIT ? 'int' : 'long';
  return { kind, value: narrow(value), constant: true };
}

/**
 * A decimal number as written.
 * @returns the reason why it is none. Zero is refused like a number too large: Apache takes `Double.MIN_VALUE`, the
 * smallest number above zero, for the lower limit. Source: rocketmq 5.5.0 `ConstantExpression#createFloat`.
 */
export function decimalOperand(text: string): NumberOperand | string {
  const value = Number(text);
  if (value > Number.MAX_VALUE) return `${text} is greater than the largest double`;
  if (value < Number.MIN_VALUE) return `${text} is less than the smallest double above zero`;
  return { kind: 'double', value, constant: true };
}

/** `-operand`: of anything but a number it is NULL. Source: rocketmq 5.5.0 `UnaryExpression#createNegate`. */
export function negated(operand: Operand): Operand {
  switch (operand.kind) {
    case 'int': {
      // No `-0`: an int has none.
      const value = 0 - (operand.value as number);
      return { kind: 'int', value, constant: false };
    }
    case 'long':
    case 'double':
      return { kind: operand.kind, value: -operand.value, constant: false };
    default:
      return { kind: 'null', constant: false };
  }
}

/** Why `<`, `<=`, `>`, `>=` cannot have this operand. Source: rocketmq 5.5.0 `ComparisonExpression#checkLessThanOperand`. */
export function orderingFault(operand: Operand): string | undefined {
  switch (operand.kind) {
    case 'string':
    case 'boolean':
    case 'predicate':
      return 'only numbers and properties can be ordered';
    case 'null':
      return operand.constant ? 'NULL cannot be compared' : undefined;
    default:
      return undefined;
  }
}

/** Why `=` and `<>` cannot have these operands. Source: rocketmq 5.5.0 `ComparisonExpression#createEqual`. */
export function equalityFault(left: Operand, right: Operand): string | undefined {
  if (isNullConstant(left) || isNullConstant(right)) return 'NULL cannot be compared: use IS NULL';
  const comparesOther = left.kind === 'boolean' && isConstant(right) && right.kind !== 'boolean';
  return comparesOther ? 'TRUE and FALSE cannot be compared with that' : undefined;
}

/** Why BETWEEN cannot have these limits. Source: rocketmq 5.5.0 `ComparisonExpression#createBetween`. */
export function betweenFault(low: Operand, high: Operand): string | undefined {
  if (!isConstant(low) || !isConstant(high)) return undefined;
  if (!isNumber(low) || !isNumber(high)) return 'limits of BETWEEN must be numbers';
  return low.value > high.value ? 'the lower limit of BETWEEN is above the upper one' : undefined;
}

export const isNumber = (operand: Operand): operand is NumberOperand =>
  operand.kind === 'int' || operand.kind === 'long' || operand.kind === 'double';

const isNullConstant = (operand: Operand): boolean => operand.kind === 'null' && operand.constant;

const isConstant = (operand: Operand): boolean =>
  operand.kind === 'string' ||
  operand.kind === 'boolean' ||
  ((operand.kind === 'null' || isNumber(operand)) && operand.constant);
