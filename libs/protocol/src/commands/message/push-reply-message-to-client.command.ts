import { defineCommand } from '../../define-command.js';
import { int64, routingFields, string } from '../../schema/field.js';
import { noBody, rawBody } from '../../schema/body.codec.js';
import { sendFields } from './send-fields.js';

const { batch: _batch, maxReconsumeTimes: _maxReconsumeTimes, ...replyFields } = sendFields;

/** Hands a reply to the client that asked. */
export const PushReplyMessageToClient = defineCommand({
  name: 'PUSH_REPLY_MESSAGE_TO_CLIENT',
  code: 326,
  direction: 'broker to client',
  doc: 'Hands a reply to the client that asked, which answers whether it took it.',
  request: {
    header: {
      ...routingFields,
      ...replyFields,
      bornHost: string({ doc: 'Address of the replying client, host:port.' }),
      storeHost: string({ doc: 'Address of the broker, host:port.' }),
      storeTimestampMs: int64({
        wireName: 'storeTimestamp',
        optional: true,
        unit: 'ms',
        doc: 'When the broker got the reply.',
      }),
    },
    body: rawBody('body of the reply'),
  },
  response: { header: {}, body: noBody },
  failures: [],
  source: 'rocketmq 5.5.0: ReplyMessageRequestHeader; ReplyMessageProcessor#pushReplyMessage',
});
