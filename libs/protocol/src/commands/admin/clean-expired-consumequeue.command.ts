import { defineCommand } from '../../define-command.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Removes queues whose messages are all gone from the commit log. */
export const CleanExpiredConsumequeue = defineCommand({
  name: 'CLEAN_EXPIRED_CONSUMEQUEUE',
  code: 306,
  direction: 'client to broker',
  doc: 'Removes queues whose messages are all gone from the commit log.',
  request: { header: {}, body: noBody },
  response: { header: {}, body: noBody },
  failures: [ResponseCode.NO_PERMISSION],
  source: 'rocketmq 5.5.0: AdminBrokerProcessor#cleanExpiredConsumeQueue',
});
