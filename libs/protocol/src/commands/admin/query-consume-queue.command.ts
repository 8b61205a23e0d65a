import { defineCommand } from '../../define-command.js';
import { int32, int64, routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { QueryConsumeQueueResponse } from '../../bodies/broker-stats.js';

/** Asks for entries of a consume queue. */
export const QueryConsumeQueue = defineCommand({
  name: 'QUERY_CONSUME_QUEUE',
  code: 321,
  direction: 'client to broker',
  doc: 'Asks for entries of a consume queue.',
  request: {
    header: {
      ...routingFields,
      topic: string({ optional: true, doc: 'Topic name, namespace already applied.' }),
      queueId: int32({ default: 0, doc: 'Queue of that topic on this broker.' }),
      index: int64({ default: 0, unit: 'messages', doc: 'First queue offset wanted.' }),
      count: int32({ default: 0, unit: 'messages', doc: 'How many entries are wanted.' }),
      consumerGroup: string({ optional: true, doc: 'Group whose filter is tried on them.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: jsonBody('QueryConsumeQueueResponse', QueryConsumeQueueResponse) },
  failures: [],
  source: 'rocketmq 5.5.0: QueryConsumeQueueRequestHeader; AdminBrokerProcessor#queryConsumeQueue',
});
