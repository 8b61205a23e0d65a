import { defineCommand } from '../../define-command.js';
import { boolean, routingFields } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';
import { pollFields, anyQueueTarget, selectionFields } from './pop-fields.js';

/** Waits until a pop would find something. */
export const Notification = defineCommand({
  name: 'NOTIFICATION',
  code: 200054,
  direction: 'client to broker',
  doc: 'Waits until a pop would find something, and takes nothing. Used by proxies.',
  request: {
    header: { ...routingFields, ...anyQueueTarget, ...pollFields, ...selectionFields },
    body: noBody,
  },
  response: {
    header: {
      hasMsg: boolean({ default: false, doc: 'Whether a pop would find something.' }),
      pollingFull: boolean({ default: false, doc: 'Whether too many wait already.' }),
    },
    body: noBody,
  },
  failures: [
    ResponseCode.INVALID_PARAMETER,
    ResponseCode.NO_PERMISSION,
    ResponseCode.SUBSCRIPTION_PARSE_FAILED,
    ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
    ResponseCode.TOPIC_NOT_EXIST,
  ],
  source: 'rocketmq 5.5.0: NotificationRequestHeader; NotificationProcessor',
});
