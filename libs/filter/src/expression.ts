/**
 * What a parsed filter consists of. An operand has a value for each message, a predicate is TRUE, FALSE or unknown.
 * Source: rocketmq 5.5.0 `org.apache.rocketmq.filter.expression`.
 */
export type Operand =
  | { readonly kind: 'property'; readonly name: string }
  | { readonly kind: 'string'; readonly value: string }
  | NumberOperand
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** `constant` is the word NULL; else a value that is never there, such as the negative of a text. */
  | { readonly kind: 'null'; readonly constant: boolean }
  | { readonly kind: 'predicate'; readonly predicate: Predicate };

/** A number of one of Java's types, which decide how texts are read that it is compared with. */
export interface NumberOperand {
  readonly kind: 'int' | 'long' | 'double';
  readonly value: number | bigint;
  /** Written as it is; a number behind a sign is not looked at before there is a message. */
  readonly constant: boolean;
}

export type TextTest = 'CONTAINS' | 'STARTSWITH' | 'ENDSWITH';
export type ComparisonOperator = '=' | '<' | '<=' | '>' | '>=';

/** Something that is TRUE, FALSE or unknown. `<>`, BETWEEN and IS NOT NULL are written with these. */
export type Predicate =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Predicate[] }
  | { readonly kind: 'not'; readonly term: Predicate }
  | {
      readonly kind: 'compare';
      readonly operator: ComparisonOperator;
      readonly left: Operand;
      readonly right: Operand;
    }
  | { readonly kind: 'is-null'; readonly operand: Operand }
  | {
      readonly kind: 'in';
      readonly name: string;
      readonly texts: readonly string[];
      readonly negated: boolean;
    }
  | {
      readonly kind: 'text-test';
      readonly test: TextTest;
      readonly operand: Operand;
      readonly text: string;
      readonly negated: boolean;
    }
  /** TRUE, FALSE, NULL. */
  | { readonly kind: 'constant'; readonly value: boolean | null }
  /** A property alone: it is a text, hence never TRUE. */
  | { readonly kind: 'property-as-boolean'; readonly name: string };
