import { Module } from '@nestjs/common';
import { BrokerConfig } from '@rocketmq-ts/config';
import type { Clock } from '@rocketmq-ts/kernel';
import { CLOCK } from '../broker-context.js';
import { LockController } from './lock.controller.js';
import { QueueLockTable } from './queue-lock-table.js';

/** Queue locks of orderly consumers. */
@Module({
  controllers: [LockController],
  providers: [
    {
      provide: QueueLockTable,
      inject: [CLOCK, BrokerConfig],
      useFactory: (clock: Clock, config: BrokerConfig): QueueLockTable =>
        new QueueLockTable(clock, config.queueLockMs),
    },
  ],
  exports: [QueueLockTable],
})
export class LockModule {}
