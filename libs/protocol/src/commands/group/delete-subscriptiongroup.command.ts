import { defineCommand } from '../../define-command.js';
import { ResponseCode } from '../../response-code.js';
import { boolean, rpcFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';

/** Deletes a consumer group. */
export const DeleteSubscriptiongroup = defineCommand({
  name: 'DELETE_SUBSCRIPTIONGROUP',
  code: 207,
  direction: 'client to broker',
  doc: 'Deletes a consumer group.',
  request: {
    header: {
      ...rpcFields,
      groupName: string({ doc: 'Consumer group.' }),
      cleanOffset: boolean({ default: false, doc: 'Also forget its offsets.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: noBody },
  failures: [ResponseCode.NO_PERMISSION],
  source:
    'rocketmq 5.5.0: DeleteSubscriptionGroupRequestHeader; AdminBrokerProcessor#deleteSubscriptionGroup',
});
