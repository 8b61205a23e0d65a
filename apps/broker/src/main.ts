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
import { brokerParts } from './broker.lifecycle.js';

const clock = new NodeClock();
const disk = new NodeDisk();
const network = new NodeNetwork();
const random = new NodeRandom();

await runService({
  program: 'mqbroker',
  summary: 'takes messages from producers, keeps them and gives them to consumers',
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
  instead: (config) =>
    config.get(BrokerConfig).brokerRole === 'SLAVE'
      ? neighbourMain(import.meta.url, 'broker-slave')
      : undefined,
  build: ({ config, logger }) =>
    brokerParts({ config, seams: { clock, disk, logger, network, random } }),
});
