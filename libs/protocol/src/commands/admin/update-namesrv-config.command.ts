import { defineCommand } from '../../define-command.js';
import { noBody, textBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Changes settings of a running nameserver. */
export const UpdateNamesrvConfig = defineCommand({
  name: 'UPDATE_NAMESRV_CONFIG',
  code: 318,
  direction: 'client to nameserver',
  doc: 'Changes settings of a running nameserver.',
  request: { header: {}, body: textBody('lines name=value in the form of Java properties') },
  response: { header: {}, body: noBody },
  failures: [ResponseCode.NO_PERMISSION, ResponseCode.INVALID_PARAMETER],
  source: 'rocketmq 5.5.0: DefaultRequestProcessor#updateConfig',
});
