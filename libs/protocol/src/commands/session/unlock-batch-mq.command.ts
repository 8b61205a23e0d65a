import { defineCommand } from '../../define-command.js';
import { rpcFields } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { LockBatchRequest } from '../../bodies/queue-locks.js';

/** Gives locked queues back; often one-way. */
export const UnlockBatchMq = defineCommand({
  name: 'UNLOCK_BATCH_MQ',
  code: 42,
  direction: 'client to broker',
  doc: 'Gives locked queues back; often one-way.',
  request: { header: { ...rpcFields }, body: jsonBody('LockBatchRequest', LockBatchRequest) },
  response: { header: {}, body: noBody },
  failures: [],
  source: 'rocketmq 5.5.0: UnlockBatchMqRequestHeader; AdminBrokerProcessor#unlockBatchMQ',
});
