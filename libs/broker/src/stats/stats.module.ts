import { Module } from '@nestjs/common';
import { StatsController } from './stats.controller.js';

/** Shows what the broker has counted; the counters themselves belong to the context. */
@Module({ controllers: [StatsController] })
export class StatsModule {}
