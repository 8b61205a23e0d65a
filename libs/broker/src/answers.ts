/** The answer of commands that have nothing to say. */
export const NOTHING_TO_SAY = { header: {}, body: null } as const;
