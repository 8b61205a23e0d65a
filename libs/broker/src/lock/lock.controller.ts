import { Controller } from '@nestjs/common';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import { LockBatchMq, UnlockBatchMq } from '@rocketmq-ts/protocol';
import type { Sent } from '@rocketmq-ts/protocol';
import { NOTHING_TO_SAY } from '../answers.js';
import { QueueLockSaver } from './queue-lock-file.js';
import { QueueLockTable } from './queue-lock-table.js';

/** Gives queues to orderly consumers, one at a time. Source: rocketmq 5.5.0 `AdminBrokerProcessor#lockBatchMQ`. */
@Controller()
export class LockController {
  constructor(
    private readonly locks: QueueLockTable,
    private readonly saver: QueueLockSaver,
  ) {}

  @Handles(LockBatchMq)
  async lock({
    body,
  }: RemotingRequest<typeof LockBatchMq>): Promise<Sent<typeof LockBatchMq.response>> {
    const lockOKMQSet = this.locks.lock(body.consumerGroup, body.clientId, body.mqSet);
    // A disk that fails is no reason to stop consumption: the saver says so, and tries again.
    await this.saver.saveChanges().catch(() => undefined);
    return { header: {}, body: { lockOKMQSet } };
  }

  @Handles(UnlockBatchMq)
  unlock({ body }: RemotingRequest<typeof UnlockBatchMq>): Sent<typeof UnlockBatchMq.response> {
    this.locks.unlock(body.consumerGroup, body.clientId, body.mqSet);
    return NOTHING_TO_SAY;
  }
}
