/** Name of the listener on the second port, which serves no pulls. */
export const FAST_LISTENER = 'fast';
