import { defineCommand } from '../../define-command.js';
import { routingFields } from '../../schema/field.js';
import { noBody, rawBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';
import { sendAnswerFields, sendFieldsV2 } from './send-fields.js';

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
  failures: [
    ResponseCode.FLUSH_DISK_TIMEOUT,
    ResponseCode.SLAVE_NOT_AVAILABLE,
    ResponseCode.FLUSH_SLAVE_TIMEOUT,
    ResponseCode.MESSAGE_ILLEGAL,
    ResponseCode.SERVICE_NOT_AVAILABLE,
    ResponseCode.TOPIC_NOT_EXIST,
    ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
  ],
  source: 'rocketmq 5.5.0: SendMessageRequestHeaderV2; SendMessageProcessor',
});
