import { defineCommand } from '../../define-command.js';
import { noBody, textBody } from '../../schema/body.codec.js';

/** Takes back what was set for one group. */
export const RemoveColdDataFlowCtrConfig = defineCommand({
  name: 'REMOVE_COLD_DATA_FLOW_CTR_CONFIG',
  code: 2002,
  direction: 'client to broker',
  doc: 'Takes back what was set for one group.',
  request: { header: {}, body: textBody('name of the group') },
  response: { header: {}, body: noBody },
  failures: [],
  source: 'rocketmq 5.5.0: AdminBrokerProcessor#removeColdDataFlowCtrGroupConfig',
});
