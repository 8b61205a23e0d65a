import { defineCommand } from '../../define-command.js';
import { rpcFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';

/** Tells the members of a group that it changed; one-way. */
export const NotifyConsumerIdsChanged = defineCommand({
  name: 'NOTIFY_CONSUMER_IDS_CHANGED',
  code: 40,
  direction: 'broker to client',
  doc: 'Tells the members of a group that it changed; one-way.',
  request: {
    header: { ...rpcFields, consumerGroup: string({ doc: 'Consumer group.' }) },
    body: noBody,
  },
  response: { header: {}, body: noBody },
  failures: [],
  source:
    'rocketmq 5.5.0: NotifyConsumerIdsChangedRequestHeader; Broker2Client#notifyConsumerIdsChanged',
});
