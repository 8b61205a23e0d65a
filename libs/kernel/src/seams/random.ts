/** Randomness, so that a test can seed it. Not for secrets. */
export interface Random {
  /** Uniform in 0 … 2^32 − 1. */
  uint32(): number;
}
