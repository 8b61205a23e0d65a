import { RocketMQError } from '@rocketmq-ts/kernel';
import type { WriteRefusal } from '@rocketmq-ts/storage';

/** The store takes nothing now: what was to be stored must wait. */
export class WriteRefusedError extends RocketMQError {
  override readonly code = 'ROCKETMQ_WRITE_REFUSED';

  constructor(readonly refusal: WriteRefusal) {
    super(refusal.message);
  }
}
