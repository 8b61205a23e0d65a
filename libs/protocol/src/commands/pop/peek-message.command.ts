import { defineCommand } from '../../define-command.js';
import { int32, routingFields } from '../../schema/field.js';
import { noBody, rawBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';
import { popAnswerFields, anyQueueTarget } from './pop-fields.js';

/** Shows what a pop would give, and takes nothing. */
export const PeekMessage = defineCommand({
  name: 'PEEK_MESSAGE',
  code: 200052,
  direction: 'client to broker',
  doc: 'Shows what a pop would give, and takes nothing.',
  request: {
    header: {
      ...routingFields,
      ...anyQueueTarget,
      maxMsgNums: int32({ default: 0, unit: 'messages', doc: 'Most messages wanted, at most 32.' }),
    },
    body: noBody,
  },
  response: {
    header: { ...popAnswerFields },
    body: rawBody('stored records one behind the other, see decodeRecords'),
  },
  failures: [
    ResponseCode.INVALID_PARAMETER,
    ResponseCode.NO_PERMISSION,
    ResponseCode.PULL_NOT_FOUND,
    ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
    ResponseCode.TOPIC_NOT_EXIST,
  ],
  source: 'rocketmq 5.5.0: PeekMessageRequestHeader; PeekMessageProcessor',
});
