import { defineCommand } from '../../define-command.js';
import { string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { TopicList } from '../../bodies/topic-config.js';

/** Asks for the topics of a cluster. */
export const GetTopicsByCluster = defineCommand({
  name: 'GET_TOPICS_BY_CLUSTER',
  code: 224,
  direction: 'client to nameserver',
  doc: 'Asks for the topics of a cluster.',
  request: { header: { cluster: string({ doc: 'Cluster name.' }) }, body: noBody },
  response: { header: {}, body: jsonBody('TopicList', TopicList) },
  failures: [],
  source:
    'rocketmq 5.5.0: GetTopicsByClusterRequestHeader; DefaultRequestProcessor#getTopicsByCluster',
});
