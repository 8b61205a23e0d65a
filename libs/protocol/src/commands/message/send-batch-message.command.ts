import { defineCommand } from '../../define-command.js';
import { routingFields } from '../../schema/field.js';
import { noBody, rawBody } from '../../schema/body.codec.js';
import { sendAnswerFields, sendFailures, sendFieldsV2 } from './send-fields.js';

/** Stores several messages of one topic at consecutive offsets, all or none. */
export const SendBatchMessage = defineCommand({
  name: 'SEND_BATCH_MESSAGE',
  code: 320,
  direction: 'client to broker',
  doc: 'Stores several messages of one topic at consecutive offsets, all or none; msgId lists their ids with commas, queueOffset is that of the first.',
  request: {
    header: { ...routingFields, ...sendFieldsV2 },
    body: rawBody('messages one behind the other, see BatchReader'),
  },
  response: { header: { ...sendAnswerFields }, body: noBody },
  failures: sendFailures,
  source: 'rocketmq 5.5.0: SendMessageRequestHeaderV2; SendMessageProcessor',
});
