import { defineCommand } from '../../define-command.js';
import { noBody, textBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Asks for the settings of a nameserver. */
export const GetNamesrvConfig = defineCommand({
  name: 'GET_NAMESRV_CONFIG',
  code: 319,
  direction: 'client to nameserver',
  doc: 'Asks for the settings of a nameserver.',
  request: { header: {}, body: noBody },
  response: { header: {}, body: textBody('lines name=value in the form of Java properties') },
  failures: [ResponseCode.NO_PERMISSION],
  source: 'rocketmq 5.5.0: DefaultRequestProcessor#getConfig',
});
