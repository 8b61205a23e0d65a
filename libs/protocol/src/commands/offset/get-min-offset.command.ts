import { defineCommand } from '../../define-command.js';
import { int32, int64, routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';

/** Asks for the oldest offset of a queue that can still be read. */
export const GetMinOffset = defineCommand({
  name: 'GET_MIN_OFFSET',
  code: 31,
  direction: 'client to broker',
  doc: 'Asks for the oldest offset of a queue that can still be read.',
  request: {
    header: {
      ...routingFields,
      topic: string({ doc: 'Topic name, namespace already applied.' }),
      queueId: int32({ doc: 'Queue of that topic on this broker.' }),
    },
    body: noBody,
  },
  response: {
    header: { offset: int64({ unit: 'messages', doc: 'Smallest readable queue offset.' }) },
    body: noBody,
  },
  failures: [],
  source: 'rocketmq 5.5.0: GetMinOffsetRequestHeader; AdminBrokerProcessor#getMinOffset',
});
