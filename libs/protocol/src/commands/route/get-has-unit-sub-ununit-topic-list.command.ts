import { defineCommand } from '../../define-command.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { TopicList } from '../../bodies/topic-config.js';

/** Asks for the topics that are consumed in unit mode without being of it. */
export const GetHasUnitSubUnunitTopicList = defineCommand({
  name: 'GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST',
  code: 313,
  direction: 'client to nameserver',
  doc: 'Asks for the topics that are consumed in unit mode without being of it.',
  request: { header: {}, body: noBody },
  response: { header: {}, body: jsonBody('TopicList', TopicList) },
  failures: [],
  source: 'rocketmq 5.5.0: DefaultRequestProcessor#getHasUnitSubUnUnitTopicList',
});
