import { defineCommand } from '../../define-command.js';
import { ResponseCode } from '../../response-code.js';
import { noBody } from '../../schema/body.codec.js';
import { routingFields, string } from '../../schema/field.js';

/** Calls a timed message back before it is delivered. */
export const RecallMessage = defineCommand({
  name: 'RECALL_MESSAGE',
  code: 370,
  direction: 'client to broker',
  doc: 'Calls a timed message back. Success says that the recall is stored, not that it came in time.',
  request: {
    header: {
      ...routingFields,
      producerGroup: string({ optional: true, doc: 'Producer group.' }),
      topic: string({ doc: 'Topic name, namespace already applied.' }),
      recallHandle: string({ doc: 'What the answer to the send said.' }),
    },
    body: noBody,
  },
  response: {
    header: { msgId: string({ doc: 'Unique key of the message.' }) },
    body: noBody,
  },
  failures: [
    ResponseCode.NO_PERMISSION,
    ResponseCode.SERVICE_NOT_AVAILABLE,
    ResponseCode.TOPIC_NOT_EXIST,
    ResponseCode.ILLEGAL_OPERATION,
  ],
  source: 'rocketmq 5.5.0: RecallMessageRequestHeader; RecallMessageProcessor',
});
