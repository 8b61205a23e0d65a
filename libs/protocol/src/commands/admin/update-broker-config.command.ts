import { defineCommand } from '../../define-command.js';
import { ResponseCode } from '../../response-code.js';
import { noBody, textBody } from '../../schema/body.codec.js';

/** Changes settings of a running broker. */
export const UpdateBrokerConfig = defineCommand({
  name: 'UPDATE_BROKER_CONFIG',
  code: 25,
  direction: 'client to broker',
  doc: 'Changes settings of a running broker.',
  request: { header: {}, body: textBody('lines name=value in the form of Java properties') },
  response: { header: {}, body: noBody },
  failures: [ResponseCode.NO_PERMISSION],
  source: 'rocketmq 5.5.0: AdminBrokerProcessor#updateBrokerConfig',
});
