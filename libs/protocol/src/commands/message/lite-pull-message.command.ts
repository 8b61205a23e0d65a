import { defineCommand } from '../../define-command.js';
import { routingFields } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { pullResponse, pullFailures, pullFields } from './pull-fields.js';

/** As PULL_MESSAGE, sent by the lite pull consumer. */
export const LitePullMessage = defineCommand({
  name: 'LITE_PULL_MESSAGE',
  code: 361,
  direction: 'client to broker',
  doc: 'As PULL_MESSAGE, sent by the lite pull consumer; a broker may switch it off on its own.',
  request: { header: { ...routingFields, ...pullFields }, body: noBody },
  response: pullResponse,
  failures: pullFailures,
  source: 'rocketmq 5.5.0: PullMessageRequestHeader; PullMessageProcessor',
});
