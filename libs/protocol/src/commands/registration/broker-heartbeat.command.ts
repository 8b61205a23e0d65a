import { defineCommand } from '../../define-command.js';
import { int32, int64, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';

/** A short sign of life between two registrations. */
export const BrokerHeartbeat = defineCommand({
  name: 'BROKER_HEARTBEAT',
  code: 904,
  direction: 'broker to nameserver',
  doc: 'A short sign of life between two registrations.',
  request: {
    header: {
      clusterName: string({ doc: 'Cluster of the broker.' }),
      brokerAddr: string({ doc: 'Address clients reach the broker at, `ip:port`.' }),
      brokerName: string({ doc: 'Name that a master and its slaves share.' }),
      brokerId: int64({ optional: true, doc: '0 for the master.' }),
      epoch: int32({ optional: true, doc: 'Controller mode.' }),
      maxOffset: int64({
        optional: true,
        unit: 'bytes',
        doc: 'Controller mode: end of the commit log.',
      }),
      confirmOffset: int64({
        optional: true,
        unit: 'bytes',
        doc: 'Controller mode: confirmed end of the commit log.',
      }),
      heartbeatTimeoutMs: int64({
        wireName: 'heartbeatTimeoutMills',
        optional: true,
        unit: 'ms',
        doc: 'Controller mode: silence after which the broker is gone.',
      }),
      electionPriority: int32({ optional: true, doc: 'Controller mode.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: noBody },
  failures: [],
  source: 'rocketmq 5.5.0: BrokerHeartbeatRequestHeader; DefaultRequestProcessor#brokerHeartbeat',
});
