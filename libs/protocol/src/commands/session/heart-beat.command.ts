import { defineCommand } from '../../define-command.js';
import { ResponseCode } from '../../response-code.js';
import { boolean, rpcFields } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { HeartbeatData } from '../../bodies/heartbeat-data.js';

/** Tells a broker which groups a client belongs to. */
export const HeartBeat = defineCommand({
  name: 'HEART_BEAT',
  code: 34,
  direction: 'client to broker',
  doc: 'Tells a broker which groups a client belongs to; sent to every broker each 30 s. The version of the answer tells the client what the broker can do.',
  request: { header: { ...rpcFields }, body: jsonBody('HeartbeatData', HeartbeatData) },
  response: {
    header: {
      supportsHeartbeatV2: boolean({
        wireName: 'IS_SUPPORT_HEART_BEAT_V2',
        optional: true,
        doc: 'The client may leave subscriptions out that did not change.',
      }),
      subscriptionsChanged: boolean({
        wireName: 'IS_SUB_CHANGE',
        optional: true,
        doc: 'The next heartbeat must be a whole one.',
      }),
    },
    body: noBody,
  },
  failures: [ResponseCode.INVALID_PARAMETER],
  source: 'rocketmq 5.5.0: HeartbeatRequestHeader; ClientManageProcessor#heartBeat',
});
