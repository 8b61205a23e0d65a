import {
  declaredKeys,
  type ConfigGroup,
  type ConfigKeyDeclaration,
  type JavaAlias,
} from './config-key.decorator.js';
import { allJavaKeys } from './java-keys.js';

/** Where a name leads: a key of a group, by our name or by Apache's. */
export interface KnownKey {
  readonly group: ConfigGroup;
  readonly declaration: ConfigKeyDeclaration;
  /** Set when the name is Apache's. */
  readonly alias: JavaAlias | undefined;
}

/** `listenPort` → `ROCKETMQ_LISTEN_PORT`. */
export const environmentName = (key: string): string =>
  `ROCKETMQ_${key
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toUpperCase()}`;

/**
 * All names of a program's settings.
 *
 * Invariants, checked when it is built:
 *  I1  no name, ours or Apache's, leads to two keys;
 *  I2  no two names have the same environment variable.
 */
export class KeyCatalogue {
  private readonly byName = new Map<string, KnownKey>();
  private readonly byVariable = new Map<string, KnownKey>();

  constructor(readonly groups: readonly ConfigGroup[]) {
    for (const group of groups)
      for (const declaration of declaredKeys(group)) {
        this.add(declaration.name, { group, declaration, alias: undefined });
        for (const alias of declaration.aliases) {
          // Where Apache's name is ours and means the same, one entry serves both.
          if (alias.key !== declaration.name) this.add(alias.key, { group, declaration, alias });
        }
      }
  }

  find(name: string): KnownKey | undefined {
    return this.byName.get(name);
  }

  /** Finds a key by its environment variable, e.g. `ROCKETMQ_LISTEN_PORT`. */
  findVariable(variable: string): KnownKey | undefined {
    return this.byVariable.get(comparable(variable));
  }

  /** Every declared key with its group, in the order of declaration. */
  *keys(): Generator<KnownKey> {
    for (const group of this.groups)
      for (const declaration of declaredKeys(group)) yield { group, declaration, alias: undefined };
  }

  /** The known name that is most like `name`, ours or Apache's, or undefined when none is near. */
  nearest(name: string): string | undefined {
    return nearestOf(name, [...this.byName.keys(), ...allJavaKeys().keys()]);
  }

  private add(name: string, key: KnownKey): void {
    const variable = comparable(environmentName(name));
    if (this.byName.has(name) || this.byVariable.has(variable))
      throw new Error(`setting ${name} is declared twice`);
    this.byName.set(name, key);
    this.byVariable.set(variable, key);
  }
}

/** Underscores are where people disagree (`BROKER_IP1`, `BROKER_IP_1`): they do not count. */
const comparable = (variable: string): string => variable.replaceAll('_', '').toUpperCase();

/** The candidate with the fewest edits between, if they are few for the length of `name`. */
export function nearestOf(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours; stops counting at `limit`. */
function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) >= limit) return limit;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, i) => i);
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    for (let j = 1; j <= right.length; j++) {
      const replaced = previous[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1);
      let cost = Math.min(replaced, previous[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1])
        cost = Math.min(cost, beforePrevious[j - 2]! + 1);
      row.push(cost);
    }
    if (Math.min(...row) >= limit) return limit;
    [beforePrevious, previous] = [previous, row];
  }
  return previous[right.length]!;
}
