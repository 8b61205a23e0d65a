import { defineCommand } from '../../define-command.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { TopicList } from '../../bodies/topic-config.js';

/** Asks for all topic names. */
export const GetAllTopicListFromNameserver = defineCommand({
  name: 'GET_ALL_TOPIC_LIST_FROM_NAMESERVER',
  code: 206,
  direction: 'client to nameserver',
  doc: 'Asks for all topic names.',
  request: { header: {}, body: noBody },
  response: { header: {}, body: jsonBody('TopicList', TopicList) },
  failures: [],
  source: 'rocketmq 5.5.0: DefaultRequestProcessor#getAllTopicListFromNameserver',
});
