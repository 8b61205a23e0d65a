import { defineCommand } from '../../define-command.js';
import { int64, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';

/** A nameserver tells brokers that another member of their group has the smallest id now. One-way. */
export const NotifyMinBrokerIdChange = defineCommand({
  name: 'NOTIFY_MIN_BROKER_ID_CHANGE',
  code: 905,
  direction: 'nameserver to broker',
  doc: 'Tells brokers that another member of their group has the smallest id now. One-way.',
  request: {
    header: {
      minBrokerId: int64({ optional: true, doc: 'The smallest id.' }),
      brokerName: string({ optional: true, doc: 'Name that a master and its slaves share.' }),
      minBrokerAddr: string({ optional: true, doc: 'Address of the member with that id.' }),
      offlineBrokerAddr: string({ optional: true, doc: 'The member that left, if that is why.' }),
      haBrokerAddr: string({ optional: true, doc: 'Where the member that came serves its log.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: noBody },
  failures: [],
  source:
    'rocketmq 5.5.0: NotifyMinBrokerIdChangeRequestHeader; RouteInfoManager#notifyMinBrokerIdChanged',
});
