import { RocketMQError } from '@rocketmq-ts/kernel';

/** A filter expression cannot be used: it breaks the grammar, compares what cannot be compared, or is too large. */
export class FilterSyntaxError extends RocketMQError {
  override readonly code = 'ROCKETMQ_FILTER_SYNTAX';

  constructor(
    /** What is wrong, without the place. */
    readonly reason: string,
    /** Where it was noticed, in UTF-16 units from the start of the expression. */
    readonly position: number,
  ) {
    super(`invalid filter expression at character ${position + 1}: ${reason}`);
  }
}
