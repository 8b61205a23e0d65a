import { Module } from '@nestjs/common';
import { DelayModule } from '../delay/delay.module.js';
import { OffsetTableModule } from '../offset/offset-table.module.js';
import { ReplicationController } from './replication.controller.js';

/** What master and slaves of a group say to each other. */
@Module({
  imports: [DelayModule, OffsetTableModule],
  controllers: [ReplicationController],
})
export class ReplicationModule {}
