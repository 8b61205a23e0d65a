import { defineCommand } from '../../define-command.js';
import { int32, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { TopicConfigAndMappingWrapper } from '../../bodies/topic-config.js';

/** Asks for the settings of all topics. */
export const GetAllTopicConfig = defineCommand({
  name: 'GET_ALL_TOPIC_CONFIG',
  code: 21,
  direction: 'client to broker',
  doc: 'Settings of all topics, whole or, with maxTopicNum, in pages. The answer leaves totalTopicNum out where it holds all.',
  request: {
    header: {
      topicSeq: int32({
        optional: true,
        doc: 'Position of the first topic wanted; older peers send no header.',
      }),
      dataVersion: string({ optional: true, doc: 'Version that the earlier pages had, as JSON.' }),
      maxTopicNum: int32({ optional: true, unit: 'topics', doc: 'Most topics wanted.' }),
    },
    body: noBody,
  },
  response: {
    header: {
      totalTopicNum: int32({ optional: true, unit: 'topics', doc: 'How many topics there are.' }),
    },
    body: jsonBody('TopicConfigAndMappingWrapper', TopicConfigAndMappingWrapper),
  },
  failures: [],
  source: 'rocketmq 5.5.0: GetAllTopicConfigRequestHeader; AdminBrokerProcessor#getAllTopicConfig',
});
