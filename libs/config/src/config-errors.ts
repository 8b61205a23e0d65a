import { RocketMQError } from '@rocketmq-ts/kernel';

/** One thing that is wrong with a configuration, complete enough to be repaired without looking anything up. */
export interface ConfigProblem {
  /** The key as it was written, or the name of a relation between keys. */
  readonly key: string;
  /** The value as it was written; undefined where it is secret or where there is none. */
  readonly value: string | undefined;
  /** Where it was written, e.g. `broker.conf:12` or `environment ROCKETMQ_LISTEN_PORT`. */
  readonly source: string;
  /** What is wrong, as the rest of a sentence that starts with the key. */
  readonly why: string;
}

const sentence = ({ key, value, source, why }: ConfigProblem): string =>
  `${source}: ${key}${value === undefined ? '' : `=${value}`} ${why}`;

/** The configuration cannot be used: an unknown key, a value out of range, a relation that does not hold. */
export class ConfigError extends RocketMQError {
  override readonly code = 'ROCKETMQ_CONFIG';

  /** @param problems at least one; all that were found, so that they can be repaired in one go. */
  constructor(readonly problems: readonly ConfigProblem[]) {
    super(problems.map(sentence).join('\n'));
  }
}
