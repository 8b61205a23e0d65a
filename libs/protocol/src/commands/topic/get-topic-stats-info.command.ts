import { defineCommand } from '../../define-command.js';
import { routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { TopicStatsTable } from '../../bodies/offset-tables.js';
import { ResponseCode } from '../../response-code.js';

/** Asks for the offsets of every queue of a topic. */
export const GetTopicStatsInfo = defineCommand({
  name: 'GET_TOPIC_STATS_INFO',
  code: 202,
  direction: 'client to broker',
  doc: 'Asks for the offsets of every queue of a topic.',
  request: {
    header: { ...routingFields, topic: string({ doc: 'Topic name, namespace already applied.' }) },
    body: noBody,
  },
  response: { header: {}, body: jsonBody('TopicStatsTable', TopicStatsTable) },
  failures: [ResponseCode.TOPIC_NOT_EXIST],
  source: 'rocketmq 5.5.0: GetTopicStatsInfoRequestHeader; AdminBrokerProcessor#getTopicStatsInfo',
});
