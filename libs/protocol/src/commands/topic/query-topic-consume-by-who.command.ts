import { defineCommand } from '../../define-command.js';
import { routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { GroupList } from '../../bodies/subscription-group-config.js';

/** Asks which groups consume a topic. */
export const QueryTopicConsumeByWho = defineCommand({
  name: 'QUERY_TOPIC_CONSUME_BY_WHO',
  code: 300,
  direction: 'client to broker',
  doc: 'Asks which groups consume a topic.',
  request: {
    header: { ...routingFields, topic: string({ doc: 'Topic name, namespace already applied.' }) },
    body: noBody,
  },
  response: { header: {}, body: jsonBody('GroupList', GroupList) },
  failures: [],
  source:
    'rocketmq 5.5.0: QueryTopicConsumeByWhoRequestHeader; AdminBrokerProcessor#queryTopicConsumeByWho',
});
