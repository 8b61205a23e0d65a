import { defineCommand } from '../../define-command.js';
import { rpcFields } from '../../schema/field.js';
import { jsonBody } from '../../json/json-text.js';
import { LockBatchRequest } from '../../bodies/queue-locks.js';
import { LockBatchResponse } from '../../bodies/queue-locks.js';

/** Locks queues for an orderly consumer. */
export const LockBatchMq = defineCommand({
  name: 'LOCK_BATCH_MQ',
  code: 41,
  direction: 'client to broker',
  doc: 'Locks queues for an orderly consumer for 60 s; the answer lists those it holds now.',
  request: { header: { ...rpcFields }, body: jsonBody('LockBatchRequest', LockBatchRequest) },
  response: { header: {}, body: jsonBody('LockBatchResponse', LockBatchResponse) },
  failures: [],
  source: 'rocketmq 5.5.0: LockBatchMqRequestHeader; AdminBrokerProcessor#lockBatchMQ',
});
