import { Module } from '@nestjs/common';
import { BrokerConfig } from '@rocketmq-ts/config';
import type { Clock } from '@rocketmq-ts/kernel';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { CLOCK } from '../broker-context.js';
import { ColdReads } from './cold-reads.js';
import { ColdReadController } from './cold-read.controller.js';
import { FlowControl } from './flow-control.js';
import type { FlowSettings } from './flow-control.js';

/** Keeps clients and groups to rates, and consumers of old messages from taking the disk for themselves. */
@Module({
  controllers: [ColdReadController],
  providers: [
    {
      provide: ColdReads,
      inject: [CLOCK, BrokerConfig],
      useFactory: (clock: Clock, config: BrokerConfig): ColdReads =>
        new ColdReads(clock, {
          get enabled() {
            return config.coldReadControl;
          },
          get groupThresholdBytes() {
            return config.coldReadBytesPerGroup;
          },
          get globalThresholdBytes() {
            return config.coldReadBytesTotal;
          },
        }),
    },
    {
      provide: FlowControl,
      inject: [CLOCK, BrokerConfig, ColdReads],
      useFactory: (
        clock: Clock,
        config: BrokerConfig,
        cold: ColdReads,
      ): FlowControl<ServerConnection> => new FlowControl(clock, flowSettings(config), cold),
    },
  ],
  exports: [ColdReads, FlowControl],
})
export class FlowControlModule {}

/** A view of the configuration: what is changed while the broker runs counts from the next request on. */
const flowSettings = (config: BrokerConfig): FlowSettings => ({
  sends: {
    get messagesPerClient() {
      return config.sendMessagesPerSecondPerClient;
    },
    get bytesPerClient() {
      return config.sendBytesPerSecondPerClient;
    },
    get messagesPerGroup() {
      return config.sendMessagesPerSecondPerGroup;
    },
    get bytesPerGroup() {
      return config.sendBytesPerSecondPerGroup;
    },
  },
  pulls: {
    get messagesPerClient() {
      return config.pullMessagesPerSecondPerClient;
    },
    get bytesPerClient() {
      return config.pullBytesPerSecondPerClient;
    },
    get messagesPerGroup() {
      return config.pullMessagesPerSecondPerGroup;
    },
    get bytesPerGroup() {
      return config.pullBytesPerSecondPerGroup;
    },
  },
  get slowDownMsMax() {
    return config.slowDownMsMax;
  },
});
