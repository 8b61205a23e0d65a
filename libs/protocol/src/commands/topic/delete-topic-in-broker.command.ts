import { defineCommand } from '../../define-command.js';
import { ResponseCode } from '../../response-code.js';
import { routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';

/** Deletes a topic with its offsets and queues. */
export const DeleteTopicInBroker = defineCommand({
  name: 'DELETE_TOPIC_IN_BROKER',
  code: 215,
  direction: 'client to broker',
  doc: 'Deletes a topic with its offsets and queues.',
  request: {
    header: { ...routingFields, topic: string({ doc: 'Topic name, namespace already applied.' }) },
    body: noBody,
  },
  response: { header: {}, body: noBody },
  failures: [ResponseCode.INVALID_PARAMETER, ResponseCode.NO_PERMISSION],
  source: 'rocketmq 5.5.0: DeleteTopicRequestHeader; AdminBrokerProcessor#deleteTopic',
});
