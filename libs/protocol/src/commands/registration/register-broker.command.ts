import { defineCommand } from '../../define-command.js';
import { boolean, int32, int64, string } from '../../schema/field.js';
import { optionalBody, rawBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { KvTable } from '../../bodies/broker-stats.js';
import { ResponseCode } from '../../response-code.js';

/** Tells a nameserver of a broker and its topics. */
export const RegisterBroker = defineCommand({
  name: 'REGISTER_BROKER',
  code: 103,
  direction: 'broker to nameserver',
  doc: 'Tells a nameserver of a broker and its topics; repeated every 30 s as a sign of life.',
  request: {
    header: {
      brokerName: string({ doc: 'Name that a master and its slaves share.' }),
      brokerAddr: string({ doc: 'Address clients reach the broker at, `ip:port`.' }),
      clusterName: string({ doc: 'Cluster of the broker.' }),
      haServerAddr: string({ doc: 'Address slaves replicate from, `ip:port`.' }),
      brokerId: int64({ doc: '0 for the master.' }),
      heartbeatTimeoutMs: int64({
        wireName: 'heartbeatTimeoutMillis',
        optional: true,
        unit: 'ms',
        doc: 'The broker is gone when silent for so long; 120 s where absent.',
      }),
      enableActingMaster: boolean({ optional: true, doc: 'A slave may act for a lost master.' }),
      compressed: boolean({ default: false, doc: 'The body is deflated.' }),
      bodyCrc32: int32({
        default: 0,
        doc: 'Checksum of the body, see registerBodyCrc; 0 for none.',
      }),
      zoneName: string({ wireName: '__ZONE_NAME', optional: true, doc: 'Zone of the broker.' }),
      advertised: string({
        wireName: '__ADVERTISED',
        optional: true,
        doc: 'Ours: further addresses, `listener:host:port,…`; who asks a nameserver through the listener of that name is told that address.',
      }),
    },
    body: rawBody('RegisterBrokerBody, see decodeRegisterBody'),
  },
  response: {
    header: {
      haServerAddr: string({
        optional: true,
        doc: 'Where the master of this slave serves its log.',
      }),
      masterAddr: string({ optional: true, doc: 'Address of the master of this slave.' }),
    },
    body: optionalBody(jsonBody('KvTable', KvTable)),
  },
  failures: [ResponseCode.NO_PERMISSION],
  source: 'rocketmq 5.5.0: RegisterBrokerRequestHeader; DefaultRequestProcessor#registerBroker',
});
