import { RocketMQError } from '@rocketmq-ts/kernel';

/** A change of attributes cannot be made; the text names the attribute. */
export class AttributeError extends RocketMQError {
  override readonly code = 'ROCKETMQ_ATTRIBUTE';
}

/** What may be set under one name. */
export interface AttributeRule {
  /** Whether it may be set or removed once the topic or group exists. */
  readonly changeable: boolean;
  /** Why `value` cannot be taken; undefined when it can. */
  readonly defect: (value: string) => string | undefined;
}

export type AttributeRules = ReadonlyMap<string, AttributeRule>;

/** One of a list of words. */
export const wordAttribute = (
  changeable: boolean,
  words: readonly string[],
  unsupported: readonly string[] = [],
): AttributeRule => ({
  changeable,
  defect: (value) => {
    if (words.includes(value)) return undefined;
    return unsupported.includes(value)
      ? `value ${value} is not supported by this broker`
      : `value is not in set: [${words.join(', ')}]`;
  },
});

/** A whole number within bounds. */
export const integerAttribute = (changeable: boolean, min: number, max: number): AttributeRule => ({
  changeable,
  defect: (value) =>
    /^-?\d{1,19}$/.test(value) && Number(value) >= min && Number(value) <= max
      ? undefined
      : `value is not in range(${min}, ${max})`,
});

export const booleanAttribute = (changeable: boolean): AttributeRule =>
  wordAttribute(changeable, ['true', 'false']);

export const textAttribute = (changeable: boolean): AttributeRule => ({
  changeable,
  defect: (value) => (value === '' ? 'value must not be empty' : undefined),
});

/**
 * Reads a change as operators write it: `+key=value,+key2=value2,-key3`. Keys keep their sign.
 * @throws {AttributeError} a piece has no sign, or a key is named twice.
 * Source: rocketmq 5.x `AttributeParser#parseToMap`.
 */
export function parseAttributeChange(text: string | undefined): Map<string, string> {
  const change = new Map<string, string>();
  if (text === undefined || text === '') return change;
  for (const piece of text.split(',')) {
    const equals = piece.indexOf('=');
    const key = (equals < 0 ? piece : piece.slice(0, equals)).trim();
    if (equals < 0 ? !key.startsWith('-') : !key.startsWith('+')) {
      const kind = equals < 0 ? 'delete' : 'add/alter';
      throw new AttributeError(`${kind} attribute format is wrong: ${key}`);
    }
    if (change.has(key)) throw new AttributeError(`key duplication: ${key}`);
    change.set(key, equals < 0 ? '' : piece.slice(equals + 1).trim());
  }
  return change;
}

/**
 * The attributes after a change.
 * @param current undefined where the topic or group does not exist yet
 * @throws {AttributeError} the change is not allowed; nothing was changed.
 * Source: rocketmq 5.x `AttributeUtil#alterCurrentAttributes`.
 */
export function alterAttributes(
  rules: AttributeRules,
  current: ReadonlyMap<string, string> | undefined,
  change: ReadonlyMap<string, string>,
): Map<string, string> {
  const result = new Map(current);
  const seen = new Set<string>();
  for (const [signed, value] of change) {
    const sign = signed.charAt(0);
    const key = signed.slice(1);
    if (key === '' || /[+-]/.test(key) || (sign !== '+' && sign !== '-')) {
      throw new AttributeError(`kv string format wrong: ${signed}`);
    }
    if (seen.has(key)) throw new AttributeError(`alter duplication key. key: ${key}`);
    seen.add(key);
    alterOne(rules, result, { key, value, remove: sign === '-', create: current === undefined });
  }
  return result;
}

function alterOne(
  rules: AttributeRules,
  attributes: Map<string, string>,
  change: { key: string; value: string; remove: boolean; create: boolean },
): void {
  const { key, value, remove, create } = change;
  if (remove && create) {
    throw new AttributeError(`only add attribute is supported while creating topic. key: ${key}`);
  }
  if (remove && !attributes.has(key)) {
    throw new AttributeError(`attempt to delete a nonexistent key: ${key}`);
  }
  const rule = rules.get(key);
  if (!rule) throw new AttributeError(`unsupported key: ${key}`);
  if (!create && !rule.changeable) {
    throw new AttributeError(`attempt to update an unchangeable attribute. key: ${key}`);
  }
  if (remove) {
    attributes.delete(key);
    return;
  }
  const defect = rule.defect(value);
  if (defect !== undefined) throw new AttributeError(`attribute ${key}: ${defect}`);
  attributes.set(key, value);
}
