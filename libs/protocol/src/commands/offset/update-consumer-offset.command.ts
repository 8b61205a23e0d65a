import { defineCommand } from '../../define-command.js';
import { int32, int64, routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Commits the offset of a group in a queue. */
export const UpdateConsumerOffset = defineCommand({
  name: 'UPDATE_CONSUMER_OFFSET',
  code: 15,
  direction: 'client to broker',
  doc: 'Commits the offset of a group in a queue; usually sent one-way.',
  request: {
    header: {
      ...routingFields,
      consumerGroup: string({ doc: 'Consumer group.' }),
      topic: string({ doc: 'Topic name, namespace already applied.' }),
      queueId: int32({ doc: 'Queue of that topic on this broker.' }),
      commitOffset: int64({ unit: 'messages', doc: 'Next queue offset the group will consume.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: noBody },
  failures: [
    ResponseCode.TOPIC_NOT_EXIST,
    ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
    ResponseCode.INVALID_PARAMETER,
  ],
  source:
    'rocketmq 5.5.0: UpdateConsumerOffsetRequestHeader; ConsumerManageProcessor#updateConsumerOffset',
});
