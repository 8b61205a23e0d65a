import { defineCommand } from '../../define-command.js';
import { routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { TopicConfigAndQueueMapping } from '../../bodies/topic-config.js';
import { ResponseCode } from '../../response-code.js';

/** Asks for the settings of one topic. */
export const GetTopicConfig = defineCommand({
  name: 'GET_TOPIC_CONFIG',
  code: 351,
  direction: 'client to broker',
  doc: 'Asks for the settings of one topic.',
  request: {
    header: { ...routingFields, topic: string({ doc: 'Topic name, namespace already applied.' }) },
    body: noBody,
  },
  response: {
    header: {},
    body: jsonBody('TopicConfigAndQueueMapping', TopicConfigAndQueueMapping),
  },
  failures: [ResponseCode.TOPIC_NOT_EXIST],
  source: 'rocketmq 5.5.0: GetTopicConfigRequestHeader; AdminBrokerProcessor#getTopicConfig',
});
