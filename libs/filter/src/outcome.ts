/** What a predicate says about a message. */
export type Outcome = typeof FALSE | typeof TRUE | typeof UNKNOWN | typeof FAILED;

export const FALSE = 0;
export const TRUE = 1;
/** SQL's third value: something that is needed is NULL. */
export const UNKNOWN = -1;
/** Two values that cannot be compared. It ends the evaluation, like the exception that Java throws. */
export const FAILED = -2;

/** A compiled predicate: looks at the message that its view holds. */
export type Check = () => Outcome;

export const asOutcome = (value: boolean): Outcome => (value ? TRUE : FALSE);
