import { Module } from '@nestjs/common';
import { ConsumerLagModule } from './consumer-lag.module.js';
import { StatsController } from './stats.controller.js';

/** Shows what the broker has counted; the counters themselves belong to the context. */
@Module({ imports: [ConsumerLagModule], controllers: [StatsController] })
export class StatsModule {}
