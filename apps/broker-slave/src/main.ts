import 'reflect-metadata';
import { storePathOf, updatesPathOf } from '@rocketmq-ts/broker';
import {
  BrokerConfig,
  HttpConfig,
  LimitsConfig,
  LoggingConfig,
  NAMESERVER_FLAG,
  NameserverConfig,
  PopConfig,
  ReplicationConfig,
  StoreConfig,
} from '@rocketmq-ts/config';
import { neighbourMain, runService } from '@rocketmq-ts/nest-service';
import { NodeClock, NodeDisk, NodeNetwork, NodeRandom } from '@rocketmq-ts/platform';
import { slaveParts } from './slave.lifecycle.js';

const clock = new NodeClock();
const disk = new NodeDisk();
const network = new NodeNetwork();
const random = new NodeRandom();
const broker = neighbourMain(import.meta.url, 'broker');

await runService({
  program: 'mqbroker-slave',
  summary: 'copies the log of a master and gives its messages to consumers',
  groups: [
    BrokerConfig,
    StoreConfig,
    PopConfig,
    ReplicationConfig,
    LimitsConfig,
    HttpConfig,
    LoggingConfig,
  ],
  otherGroups: [NameserverConfig],
  flags: [NAMESERVER_FLAG],
  updatesPath: updatesPathOf,
  markedStore: storePathOf,
  clock,
  disk,
  // A slave that was made master keeps its files, its arguments and how it is started.
  instead: (config) =>
    config.get(BrokerConfig).brokerRole !== 'SLAVE' &&
    config.originOf('brokerRole').kind === 'marker'
      ? broker
      : undefined,
  build: ({ config, logger, handOver }) =>
    slaveParts({
      config,
      seams: { clock, disk, logger, network, random },
      becomeMaster: () => handOver(broker),
      restart: () => handOver(neighbourMain(import.meta.url, 'broker-slave')),
    }),
});
