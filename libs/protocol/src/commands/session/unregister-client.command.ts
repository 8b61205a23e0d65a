import { defineCommand } from '../../define-command.js';
import { rpcFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';

/** Takes a client out of its groups at once. */
export const UnregisterClient = defineCommand({
  name: 'UNREGISTER_CLIENT',
  code: 35,
  direction: 'client to broker',
  doc: 'Takes a client out of its groups at once.',
  request: {
    header: {
      ...rpcFields,
      clientId: string({ wireName: 'clientID', doc: 'Id of the client.' }),
      producerGroup: string({ optional: true, doc: 'Producer group to leave.' }),
      consumerGroup: string({ optional: true, doc: 'Consumer group to leave.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: noBody },
  failures: [],
  source: 'rocketmq 5.5.0: UnregisterClientRequestHeader; ClientManageProcessor#unregisterClient',
});
