import { defineCommand } from '../../define-command.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Removes the queues of topics that no longer exist. */
export const CleanUnusedTopic = defineCommand({
  name: 'CLEAN_UNUSED_TOPIC',
  code: 316,
  direction: 'client to broker',
  doc: 'Removes the queues of topics that no longer exist.',
  request: { header: {}, body: noBody },
  response: { header: {}, body: noBody },
  failures: [ResponseCode.NO_PERMISSION],
  source: 'rocketmq 5.5.0: AdminBrokerProcessor#cleanUnusedTopic',
});
