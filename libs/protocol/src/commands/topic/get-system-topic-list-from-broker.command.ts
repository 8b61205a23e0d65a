import { defineCommand } from '../../define-command.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { TopicList } from '../../bodies/topic-config.js';

/** Asks for the topics that brokers make for themselves. */
export const GetSystemTopicListFromBroker = defineCommand({
  name: 'GET_SYSTEM_TOPIC_LIST_FROM_BROKER',
  code: 305,
  direction: 'client to broker',
  doc: 'Asks for the topics that brokers make for themselves.',
  request: { header: {}, body: noBody },
  response: { header: {}, body: jsonBody('TopicList', TopicList) },
  failures: [],
  source: 'rocketmq 5.5.0: AdminBrokerProcessor#getSystemTopicListFromBroker',
});
