import { defineCommand } from '../../define-command.js';
import { int64, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Tells a nameserver that a broker stops. */
export const UnregisterBroker = defineCommand({
  name: 'UNREGISTER_BROKER',
  code: 104,
  direction: 'broker to nameserver',
  doc: 'Tells a nameserver that a broker stops.',
  request: {
    header: {
      brokerName: string({ doc: 'Name that a master and its slaves share.' }),
      brokerAddr: string({ doc: 'Address clients reach the broker at, `ip:port`.' }),
      clusterName: string({ doc: 'Cluster of the broker.' }),
      brokerId: int64({ doc: '0 for the master.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: noBody },
  failures: [ResponseCode.NO_PERMISSION],
  source: 'rocketmq 5.5.0: UnRegisterBrokerRequestHeader; DefaultRequestProcessor#unregisterBroker',
});
