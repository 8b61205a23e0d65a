import { defineCommand } from '../../define-command.js';
import { rpcFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { TopicList } from '../../bodies/topic-config.js';

/** Asks which topics a group consumes. */
export const QueryTopicsByConsumer = defineCommand({
  name: 'QUERY_TOPICS_BY_CONSUMER',
  code: 343,
  direction: 'client to broker',
  doc: 'Asks which topics a group consumes.',
  request: { header: { ...rpcFields, group: string({ doc: 'Consumer group.' }) }, body: noBody },
  response: { header: {}, body: jsonBody('TopicList', TopicList) },
  failures: [],
  source:
    'rocketmq 5.5.0: QueryTopicsByConsumerRequestHeader; AdminBrokerProcessor#queryTopicsByConsumer',
});
