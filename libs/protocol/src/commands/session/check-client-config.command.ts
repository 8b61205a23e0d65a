import { defineCommand } from '../../define-command.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { CheckClientRequest } from '../../bodies/heartbeat-data.js';
import { ResponseCode } from '../../response-code.js';

/** Asks whether a broker can filter as a client wants; sent for other filters than tags. */
export const CheckClientConfig = defineCommand({
  name: 'CHECK_CLIENT_CONFIG',
  code: 46,
  direction: 'client to broker',
  doc: 'Asks whether a broker can filter as a client wants; sent for other filters than tags.',
  request: { header: {}, body: jsonBody('CheckClientRequest', CheckClientRequest) },
  response: { header: {}, body: noBody },
  failures: [ResponseCode.SUBSCRIPTION_PARSE_FAILED],
  source: 'rocketmq 5.5.0: ClientManageProcessor#checkClientConfig',
});
