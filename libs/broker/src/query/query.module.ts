import { Module } from '@nestjs/common';
import { QueryController } from './query.controller.js';

/** Finds stored messages. */
@Module({ controllers: [QueryController] })
export class QueryModule {}
