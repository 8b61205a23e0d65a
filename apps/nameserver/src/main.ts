import 'reflect-metadata';
import {
  BrokerConfig,
  HttpConfig,
  LimitsConfig,
  LoggingConfig,
  NameserverConfig,
  StoreConfig,
} from '@rocketmq-ts/config';
import { runService } from '@rocketmq-ts/nest-service';
import { NodeClock, NodeDisk, NodeNetwork } from '@rocketmq-ts/platform';
import { nameserverParts, updatesPathOf } from './nameserver.lifecycle.js';
import { IGNORED_NAMESERVER_FLAG } from './nameserver.flags.js';

const clock = new NodeClock();
const disk = new NodeDisk();
const network = new NodeNetwork();

await runService({
  program: 'mqnamesrv',
  summary: 'tells clients which brokers serve a topic',
  groups: [NameserverConfig, LimitsConfig, HttpConfig, LoggingConfig],
  otherGroups: [BrokerConfig, StoreConfig],
  flags: [IGNORED_NAMESERVER_FLAG],
  updatesPath: updatesPathOf,
  clock,
  disk,
  build: (context) => nameserverParts({ ...context, clock, disk, network }),
});
