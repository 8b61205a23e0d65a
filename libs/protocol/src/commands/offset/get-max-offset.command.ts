import { defineCommand } from '../../define-command.js';
import { boolean, int32, int64, routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';

/** Asks a broker where the next message of a queue will go: one past its newest message. */
export const GetMaxOffset = defineCommand({
  name: 'GET_MAX_OFFSET',
  code: 30,
  direction: 'client to broker',
  doc: 'Next queue offset. A queue never written to answers 0; that is not an error.',
  request: {
    header: {
      ...routingFields,
      topic: string({ doc: 'Topic name, namespace already applied.' }),
      queueId: int32({ doc: 'Queue of that topic on this broker.' }),
      committed: boolean({
        default: true,
        doc: 'false also counts messages not yet dispatched to the queue.',
      }),
    },
    body: noBody,
  },
  response: {
    header: { offset: int64({ unit: 'messages', doc: 'Offset the next message will get.' }) },
    body: noBody,
  },
  failures: [],
  source: 'rocketmq 5.5.0: GetMaxOffsetRequestHeader; AdminBrokerProcessor#getMaxOffset',
});
