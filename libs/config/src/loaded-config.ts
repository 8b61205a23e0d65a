import { validateSync } from 'class-validator';
import { ConfigError, type ConfigProblem } from './config-errors.js';
import {
  declaredKeys,
  type ConfigGroup,
  type ConfigKeyDeclaration,
  type ConfigRelation,
  type ConfigValue,
} from './config-key.decorator.js';
import { DEFAULT_ORIGIN, type ConfigOrigin, type RawSetting } from './config-origin.js';
import { expandHome } from './environment.js';
import type { KeyCatalogue, KnownKey } from './key-catalogue.js';
import { formatValue, parseValue } from './parse-value.js';

/** One effective setting. */
export interface ConfigEntry {
  readonly group: ConfigGroup;
  readonly declaration: ConfigKeyDeclaration;
  readonly value: ConfigValue;
  readonly origin: ConfigOrigin;
}

type Values = Record<string, ConfigValue>;

/**
 * The effective settings of a program. Group objects are live: after `update` they hold the new values, so whoever
 * has one injected reads a reloadable setting each time it is needed.
 *
 * Invariants:
 *  I1  every value passed its type, its bounds and the relations of its group;
 *  I2  a change that breaks one of them leaves everything as it was.
 */
export class LoadedConfig {
  /** For people, one line each; to be logged once at the start. */
  readonly warnings: readonly string[];
  private readonly instances = new Map<ConfigGroup, Values>();
  /** The setting that each key has its value from, by our name; keys at their default are not in it. */
  private readonly settings = new Map<string, RawSetting>();
  private readonly listeners: ((changed: readonly string[]) => void)[] = [];

  /** @throws {ConfigError} values that do not fit. Callers use `loadConfig`. */
  constructor(
    private readonly catalogue: KeyCatalogue,
    settings: readonly RawSetting[],
    warnings: readonly string[],
  ) {
    for (const group of catalogue.groups) this.instances.set(group, defaultsOf(group));
    const problems = this.assign(
      settings.map((setting) => ({ setting, known: this.require(setting.key) })),
    );
    this.throwIfAny(problems.length > 0 ? problems : this.check());
    this.warnings = [
      ...warnings,
      ...catalogue.groups.flatMap((group) => group.notices?.(this.get(group)) ?? []),
      ...this.brokenRelations('advisory').map(({ key, why }) => `${key} ${why}`),
    ];
  }

  /** The settings of one group; always the same object. */
  get<T extends object>(group: ConfigGroup<T>): T {
    const instance = this.instances.get(group);
    if (!instance) throw new Error(`group ${group.group} is not part of this program`);
    return instance as T;
  }

  /** Every effective setting, by group and then by name. */
  entries(): ConfigEntry[] {
    return [...this.catalogue.keys()]
      .map(({ group, declaration }) => ({
        group,
        declaration,
        value: this.instances.get(group)![declaration.name],
        origin: this.originOf(declaration.name),
      }))
      .sort(
        (left, right) =>
          compare(left.group.group, right.group.group) ||
          compare(left.declaration.name, right.declaration.name),
      );
  }

  /** Where a setting came from, by our name. */
  originOf(name: string): ConfigOrigin {
    return this.settings.get(name)?.origin ?? DEFAULT_ORIGIN;
  }

  /** Our name of a key by any of its names; undefined for an unknown one. */
  nameOf(key: string): string | undefined {
    return this.catalogue.find(key)?.declaration.name;
  }

  /** The effective value as an operator would write it under our name. */
  textOf(name: string): string {
    const known = this.require(name);
    return formatValue(this.instances.get(known.group)![known.declaration.name]);
  }

  /** `listener` hears our names of the settings that an `update` changed. */
  onChange(listener: (changed: readonly string[]) => void): void {
    this.listeners.push(listener);
  }

  /**
   * Changes reloadable settings while the program runs, all or none.
   * @param changes texts by our name or Apache's.
   * @returns our names of the settings whose value is now another.
   * @throws {ConfigError} a key is unknown or fixed at the start, a value does not fit.
   */
  update(changes: ReadonlyMap<string, string>, source: string): readonly string[] {
    const origin: ConfigOrigin = { kind: 'update', text: source };
    const wanted = [...changes].map(([key, value]) => ({ key, value, origin }));
    this.throwIfAny(wanted.flatMap((setting) => this.refusal(setting)));

    const saved = [...this.instances].map(([group, values]) => [group, { ...values }] as const);
    const savedSettings = new Map(this.settings);
    const assigned = this.assign(
      wanted.map((setting) => ({ setting, known: this.require(setting.key) })),
    );
    const problems = assigned.length > 0 ? assigned : this.check();
    if (problems.length > 0) {
      for (const [group, values] of saved) Object.assign(this.instances.get(group)!, values);
      this.settings.clear();
      for (const [name, setting] of savedSettings) this.settings.set(name, setting);
      throw new ConfigError(problems);
    }
    const changed = saved.flatMap(([group, values]) =>
      Object.keys(values).filter((name) => values[name] !== this.instances.get(group)![name]),
    );
    if (changed.length > 0) for (const listener of this.listeners) listener(changed);
    return changed;
  }

  /** Why a setting may not be changed over the wire, if so. */
  private refusal({ key, value, origin }: RawSetting): ConfigProblem[] {
    const known = this.catalogue.find(key);
    if (known?.declaration.reloadable === true) return [];
    const nearest = known ? undefined : this.catalogue.nearest(key);
    const why = known
      ? 'is fixed when the process starts'
      : `is not known${nearest === undefined ? '' : `; the nearest known key is ${nearest}`}`;
    return [
      { key, value: known?.declaration.secret ? undefined : value, source: origin.text, why },
    ];
  }

  private require(key: string): KnownKey {
    const known = this.catalogue.find(key);
    if (!known) throw new Error(`${key} should have been refused before`);
    return known;
  }

  private assign(
    settings: readonly { readonly setting: RawSetting; readonly known: KnownKey }[],
  ): ConfigProblem[] {
    const problems: ConfigProblem[] = [];
    for (const { setting, known } of settings) {
      const { declaration, group, alias } = known;
      const parsed = parseValue(setting.value, declaration, alias);
      if ('why' in parsed) {
        problems.push(problemWith(setting, known, parsed.why));
        continue;
      }
      this.instances.get(group)![declaration.name] = parsed.value;
      this.settings.set(declaration.name, setting);
    }
    return problems;
  }

  /** Bounds first; relations only between values that are within theirs. */
  private check(): ConfigProblem[] {
    const outOfBounds = [...this.instances].flatMap(([group, values]) =>
      this.checkGroup(group, values),
    );
    return outOfBounds.length > 0 ? outOfBounds : this.brokenRelations('binding');
  }

  private brokenRelations(kind: 'binding' | 'advisory'): ConfigProblem[] {
    return [...this.instances].flatMap(([group, values]) =>
      (group.relations ?? [])
        .filter(({ advisory }) => (advisory === true) === (kind === 'advisory'))
        .flatMap((relation) => this.checkRelation(relation, values)),
    );
  }

  private checkGroup(group: ConfigGroup, values: Values): ConfigProblem[] {
    return validateSync(values, { forbidUnknownValues: true, stopAtFirstError: true }).map(
      ({ property, constraints }) => {
        const why = Object.values(constraints ?? {})[0] ?? `does not fit group ${group.group}`;
        const setting = this.settings.get(property) ?? {
          key: property,
          value: formatValue(values[property]),
          origin: DEFAULT_ORIGIN,
        };
        return problemWith(setting, this.require(property), why);
      },
    );
  }

  private checkRelation(relation: ConfigRelation<object>, values: Values): ConfigProblem[] {
    if (relation.holds(values)) return [];
    const culprits = relation.keys.map(
      (key) => `${key}=${formatValue(values[key])} (${this.originOf(key).text})`,
    );
    return [
      {
        key: relation.rule,
        value: undefined,
        source: 'settings',
        why: `does not hold for ${culprits.join(' and ')}, because ${relation.because}`,
      },
    ];
  }

  private throwIfAny(problems: readonly ConfigProblem[]): void {
    if (problems.length > 0) throw new ConfigError(problems);
  }
}

function defaultsOf(group: ConfigGroup): Values {
  const values = new group() as Values;
  for (const { name, type } of declaredKeys(group)) {
    const value = values[name];
    if (type === 'path' && typeof value === 'string') values[name] = expandHome(value);
  }
  return values;
}

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

const problemWith = (
  { key, value, origin }: RawSetting,
  { declaration, alias }: KnownKey,
  why: string,
): ConfigProblem => ({
  key,
  value: declaration.secret ? undefined : value,
  source: origin.text,
  why: alias?.factor === undefined ? why : `${why} (${declaration.unit} of ${declaration.name})`,
});
