import 'reflect-metadata';
import {
  BrokerConfig,
  HttpConfig,
  LimitsConfig,
  LoggingConfig,
  NAMESERVER_FLAG,
  NameserverConfig,
  PopConfig,
  StoreConfig,
} from '@rocketmq-ts/config';
import { runService } from '@rocketmq-ts/nest-service';
import { NodeClock, NodeDisk, NodeNetwork, NodeRandom } from '@rocketmq-ts/platform';
import { brokerParts, updatesPathOf } from './broker.lifecycle.js';

const clock = new NodeClock();
const disk = new NodeDisk();
const network = new NodeNetwork();
const random = new NodeRandom();

await runService({
  program: 'mqbroker',
  summary: 'takes messages from producers, keeps them and gives them to consumers',
  groups: [BrokerConfig, StoreConfig, PopConfig, LimitsConfig, HttpConfig, LoggingConfig],
  otherGroups: [NameserverConfig],
  flags: [NAMESERVER_FLAG],
  updatesPath: updatesPathOf,
  clock,
  disk,
  build: ({ config, logger }) =>
    brokerParts({ config, seams: { clock, disk, logger, network, random } }),
});
