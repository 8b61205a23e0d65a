import { defineCommand } from '../../define-command.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { TopicList } from '../../bodies/topic-config.js';

/** Asks for cluster and broker names, each of which is also a topic. */
export const GetSystemTopicListFromNs = defineCommand({
  name: 'GET_SYSTEM_TOPIC_LIST_FROM_NS',
  code: 304,
  direction: 'client to nameserver',
  doc: 'Asks for cluster and broker names, each of which is also a topic.',
  request: { header: {}, body: noBody },
  response: { header: {}, body: jsonBody('TopicList', TopicList) },
  failures: [],
  source: 'rocketmq 5.5.0: DefaultRequestProcessor#getSystemTopicListFromNs',
});
