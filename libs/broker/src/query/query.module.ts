import { Module } from '@nestjs/common';
import { ClientSessionModule } from '../client-session/client-session.module.js';
import { ConsumeQueueController } from './consume-queue.controller.js';
import { QueryController } from './query.controller.js';

/** Finds stored messages, and shows the entries of queues. */
@Module({
  imports: [ClientSessionModule],
  controllers: [ConsumeQueueController, QueryController],
})
export class QueryModule {}
