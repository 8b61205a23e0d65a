import { defineCommand } from '../../define-command.js';
import { routingFields } from '../../schema/field.js';
import { noBody, rawBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';
import { pullAnswerFields, pullFields } from './pull-fields.js';

/** As PULL_MESSAGE, sent by the lite pull consumer. */
export const LitePullMessage = defineCommand({
  name: 'LITE_PULL_MESSAGE',
  code: 361,
  direction: 'client to broker',
  doc: 'As PULL_MESSAGE, sent by the lite pull consumer; a broker may switch it off on its own.',
  request: { header: { ...routingFields, ...pullFields }, body: noBody },
  response: {
    header: { ...pullAnswerFields },
    body: rawBody('stored records one behind the other, see decodeRecords'),
  },
  failures: [
    ResponseCode.PULL_NOT_FOUND,
    ResponseCode.PULL_RETRY_IMMEDIATELY,
    ResponseCode.PULL_OFFSET_MOVED,
    ResponseCode.SUBSCRIPTION_PARSE_FAILED,
    ResponseCode.SUBSCRIPTION_NOT_EXIST,
    ResponseCode.SUBSCRIPTION_NOT_LATEST,
    ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
    ResponseCode.FILTER_DATA_NOT_EXIST,
    ResponseCode.FILTER_DATA_NOT_LATEST,
    ResponseCode.TOPIC_NOT_EXIST,
  ],
  source: 'rocketmq 5.5.0: PullMessageRequestHeader; PullMessageProcessor',
});
