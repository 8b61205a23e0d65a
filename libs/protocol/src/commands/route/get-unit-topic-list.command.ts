import { defineCommand } from '../../define-command.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { TopicList } from '../../bodies/topic-config.js';

/** Asks for the topics of unit mode. */
export const GetUnitTopicList = defineCommand({
  name: 'GET_UNIT_TOPIC_LIST',
  code: 311,
  direction: 'client to nameserver',
  doc: 'Asks for the topics of unit mode.',
  request: { header: {}, body: noBody },
  response: { header: {}, body: jsonBody('TopicList', TopicList) },
  failures: [],
  source: 'rocketmq 5.5.0: DefaultRequestProcessor#getUnitTopicList',
});
