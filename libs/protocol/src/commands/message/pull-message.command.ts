import { defineCommand } from '../../define-command.js';
import { routingFields } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { pullResponse, pullFailures, pullFields } from './pull-fields.js';

/** Fetches messages of one queue from an offset on. */
export const PullMessage = defineCommand({
  name: 'PULL_MESSAGE',
  code: 11,
  direction: 'client to broker',
  doc: 'Fetches messages of one queue from an offset on, waiting for the first one if asked to. The header fields also stand in answers 19, 20 and 21.',
  request: { header: { ...routingFields, ...pullFields }, body: noBody },
  response: pullResponse,
  failures: pullFailures,
  source: 'rocketmq 5.5.0: PullMessageRequestHeader; PullMessageProcessor',
});
