/** Injection tokens of what reaches the outside world. */
export const CLOCK = Symbol('clock');
export const LOGGER = Symbol('logger');
