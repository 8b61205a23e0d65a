import { defineCommand } from '../../define-command.js';
import { ResponseCode } from '../../response-code.js';
import { rpcFields } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { TopicConfigList } from '../../bodies/topic-config.js';

/** Creates several topics or changes their settings. */
export const UpdateAndCreateTopicList = defineCommand({
  name: 'UPDATE_AND_CREATE_TOPIC_LIST',
  code: 18,
  direction: 'client to broker',
  doc: 'Creates several topics or changes their settings.',
  request: { header: { ...rpcFields }, body: jsonBody('TopicConfigList', TopicConfigList) },
  response: { header: {}, body: noBody },
  failures: [ResponseCode.INVALID_PARAMETER, ResponseCode.NO_PERMISSION],
  source:
    'rocketmq 5.5.0: CreateTopicListRequestHeader; AdminBrokerProcessor#updateAndCreateTopicList',
});
