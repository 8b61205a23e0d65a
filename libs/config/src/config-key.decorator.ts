import 'reflect-metadata';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Max,
  Min,
  ValidateBy,
} from 'class-validator';

/** A value as a group holds it; `undefined` means "follows from other settings", as the key's doc says. */
export type ConfigValue = string | number | boolean | undefined;

/** How the text of a setting is read. `path` is `text` in which `~` and `${HOME}` are replaced. */
export type ConfigType = 'text' | 'path' | 'integer' | 'decimal' | 'boolean' | 'choice';

/** Apache's name of a key, where a number of ours is a multiple of Apache's or Apache clamps silently. */
export interface JavaAlias {
  readonly key: string;
  /** Our value = Apache's value × factor. */
  readonly factor?: number;
  /** Apache pulls smaller values up to this one, in Apache's unit. */
  readonly atLeast?: number;
  /** Apache pulls greater values down to this one, in Apache's unit. */
  readonly atMost?: number;
}

/** What every key declares. */
export interface ConfigKeyOptions {
  /** One sentence: what the setting does, and what may be lost or refused where that is not obvious. */
  readonly doc: string;
  /** Apache's key(s) for it. */
  readonly java?: string | JavaAlias | readonly (string | JavaAlias)[];
  /** Unit of a number: `ms`, `bytes`, `messages`, `percent`, `port`… */
  readonly unit?: string;
  /** Whether UPDATE_BROKER_CONFIG and UPDATE_NAMESRV_CONFIG may change it while the process runs. */
  readonly reloadable?: boolean;
  /** What an operator risks by changing it. */
  readonly danger?: string;
  /** Never shown: masked in every output. */
  readonly secret?: boolean;
  /** Says what is wrong with a value of the right type, as the rest of a sentence; undefined: nothing. */
  readonly check?: (value: never) => string | undefined;
}

/** Lowest and highest value that is accepted, both inclusive. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** A declared key, as loading, printing and documentation see it. */
export interface ConfigKeyDeclaration extends ConfigKeyOptions, Bounds {
  /** Our name: the property of the group. */
  readonly name: string;
  readonly type: ConfigType;
  readonly aliases: readonly JavaAlias[];
  /** Accepted values of a `choice`. */
  readonly choices?: readonly string[];
}

/** A group of keys: a class whose instances hold the defaults before anything is loaded. */
export interface ConfigGroup<T extends object = object> {
  new (): T;
  /** Heading in `--print-config` and in the documentation. */
  readonly group: string;
  /** Rules between values of this group. */
  readonly relations?: readonly ConfigRelation<T>[];
  /** What an operator should know about a combination that is in order, one line each. */
  notices?(values: T): readonly string[];
}

/** A rule between settings, e.g. `S2: diskMaxUsedPercent <= diskCleanForciblyPercent`. */
export interface ConfigRelation<T> {
  /** Number and formula. */
  readonly rule: string;
  readonly because: string;
  /** It only earns a warning: Apache runs with such values, so a file that has them must start. */
  readonly advisory?: true;
  /** Keys that are named when it does not hold. */
  readonly keys: readonly string[];
  holds(values: T): boolean;
}

const DECLARATIONS = Symbol('rocketmq.config.keys');

/** Keys of a group, in the order in which the class writes them. */
export function declaredKeys(group: ConfigGroup): readonly ConfigKeyDeclaration[] {
  return (Reflect.getOwnMetadata(DECLARATIONS, group) as ConfigKeyDeclaration[] | undefined) ?? [];
}

function aliasesOf(java: ConfigKeyOptions['java']): readonly JavaAlias[] {
  const list = java === undefined ? [] : Array.isArray(java) ? java : [java];
  return (list as readonly (string | JavaAlias)[]).map((alias) =>
    typeof alias === 'string' ? { key: alias } : alias,
  );
}

/** Registers the key. Validators run only on values that are there: `undefined` is always in order. */
const declare =
  (
    declaration: Omit<ConfigKeyDeclaration, 'name' | 'aliases'>,
    validators: readonly PropertyDecorator[],
  ): PropertyDecorator =>
  (target, property) => {
    const group = target.constructor;
    const known =
      (Reflect.getOwnMetadata(DECLARATIONS, group) as ConfigKeyDeclaration[] | undefined) ?? [];
    const name = String(property);
    Reflect.defineMetadata(
      DECLARATIONS,
      [...known, { ...declaration, name, aliases: aliasesOf(declaration.java) }],
      group,
    );
    for (const validator of [IsOptional(), ...validators]) validator(target, property);
    const { check } = declaration;
    if (check) checkedBy(check as (value: ConfigValue) => string | undefined)(target, property);
  };

function checkedBy(check: (value: ConfigValue) => string | undefined): PropertyDecorator {
  return ValidateBy({
    name: 'check',
    validator: {
      validate: (value: ConfigValue) => check(value) === undefined,
      defaultMessage: (args) => check(args?.value as ConfigValue) ?? 'is not valid',
    },
  });
}

/** Whole number. @param options state both bounds unless any safe integer will do. */
export const IntegerKey = (options: ConfigKeyOptions & Bounds): PropertyDecorator => {
  const min = options.min ?? Number.MIN_SAFE_INTEGER;
  const max = options.max ?? Number.MAX_SAFE_INTEGER;
  return declare({ ...options, type: 'integer' }, [
    IsInt({ message: 'wants a whole number' }),
    Min(min, { message: `must be at least ${min}` }),
    Max(max, { message: `must be at most ${max}` }),
  ]);
};

/** Number with a fraction. */
export const DecimalKey = (options: ConfigKeyOptions & Required<Bounds>): PropertyDecorator =>
  declare({ ...options, type: 'decimal' }, [
    IsNumber({ allowNaN: false, allowInfinity: false }, { message: 'wants a number' }),
    Min(options.min, { message: `must be at least ${options.min}` }),
    Max(options.max, { message: `must be at most ${options.max}` }),
  ]);

/** `true` or `false`. */
export const BooleanKey = (options: ConfigKeyOptions): PropertyDecorator =>
  declare({ ...options, type: 'boolean' }, [IsBoolean({ message: 'wants true or false' })]);

/** Text. */
export const TextKey = (options: ConfigKeyOptions): PropertyDecorator =>
  declare({ ...options, type: 'text' }, [IsString({ message: 'wants text' })]);

/** Path of a file or folder. Never changeable over the wire: `reloadable` cannot be given. */
export const PathKey = (options: Omit<ConfigKeyOptions, 'reloadable'>): PropertyDecorator =>
  declare({ ...options, type: 'path' }, [IsString({ message: 'wants a path' })]);

/** One word of a list. */
export const ChoiceKey = (
  options: ConfigKeyOptions & { readonly choices: readonly string[] },
): PropertyDecorator =>
  declare({ ...options, type: 'choice' }, [
    IsIn([...options.choices], { message: `must be one of ${options.choices.join(', ')}` }),
  ]);
