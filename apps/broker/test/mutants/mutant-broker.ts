// A broker that is broken on purpose: campaigns prove with it that they can fail. `ROCKETMQ_MUTANT` names the way.
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
import { runService } from '@rocketmq-ts/nest-service';
import { NodeClock, NodeNetwork, NodeRandom } from '@rocketmq-ts/platform';
import { brokerParts } from '../../src/broker.lifecycle.js';
import { brokenDisk, mutants } from './broken-disk.js';

const { ROCKETMQ_MUTANT: wanted, ...environment } = process.env;
process.env = environment; // it is no setting of the broker
const mutant = mutants.find((name) => name === wanted);
if (mutant === undefined) throw new Error(`ROCKETMQ_MUTANT is one of ${mutants.join(', ')}`);

const clock = new NodeClock();
const disk = brokenDisk(mutant);
const network = new NodeNetwork();
const random = new NodeRandom();

await runService({
  program: 'mutant-broker',
  summary: `is broken on purpose: ${mutant}`,
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
  build: ({ config, logger }) =>
    brokerParts({ config, seams: { clock, disk, logger, network, random } }),
});
