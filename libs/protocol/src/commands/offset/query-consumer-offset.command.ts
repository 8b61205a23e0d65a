import { defineCommand } from '../../define-command.js';
import { boolean, int32, int64, routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Asks for the offset a group has committed in a queue. */
export const QueryConsumerOffset = defineCommand({
  name: 'QUERY_CONSUMER_OFFSET',
  code: 14,
  direction: 'client to broker',
  doc: 'Committed offset of a group in a queue. Without one the answer is 0 where the queue still starts at 0 and its head is in memory, else QUERY_NOT_FOUND.',
  request: {
    header: {
      ...routingFields,
      consumerGroup: string({ doc: 'Consumer group.' }),
      topic: string({ doc: 'Topic name, namespace already applied.' }),
      queueId: int32({ doc: 'Queue of that topic on this broker.' }),
      setZeroIfNotFound: boolean({
        optional: true,
        doc: 'false asks for QUERY_NOT_FOUND where nothing was committed.',
      }),
    },
    body: noBody,
  },
  response: {
    header: {
      offset: int64({ unit: 'messages', doc: 'Next queue offset the group will consume.' }),
    },
    body: noBody,
  },
  failures: [ResponseCode.QUERY_NOT_FOUND, ResponseCode.TOPIC_NOT_EXIST],
  source:
    'rocketmq 5.5.0: QueryConsumerOffsetRequestHeader; ConsumerManageProcessor#queryConsumerOffset',
});
