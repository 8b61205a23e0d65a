import { defineCommand } from '../../define-command.js';
import {} from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';
import { brokerFields } from './broker-fields.js';

/** Tells a nameserver that a broker stops. */
export const UnregisterBroker = defineCommand({
  name: 'UNREGISTER_BROKER',
  code: 104,
  direction: 'broker to nameserver',
  doc: 'Tells a nameserver that a broker stops.',
  request: {
    header: {
      ...brokerFields,
    },
    body: noBody,
  },
  response: { header: {}, body: noBody },
  failures: [ResponseCode.NO_PERMISSION],
  source: 'rocketmq 5.5.0: UnRegisterBrokerRequestHeader; DefaultRequestProcessor#unregisterBroker',
});
