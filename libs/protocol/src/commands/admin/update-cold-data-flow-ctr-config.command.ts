import { defineCommand } from '../../define-command.js';
import { noBody, textBody } from '../../schema/body.codec.js';

/** Sets how many bytes of cold data groups may read in five seconds. */
export const UpdateColdDataFlowCtrConfig = defineCommand({
  name: 'UPDATE_COLD_DATA_FLOW_CTR_CONFIG',
  code: 2001,
  direction: 'client to broker',
  doc: 'Sets how many bytes of cold data groups may read in five seconds.',
  request: { header: {}, body: textBody('lines group=bytes in the form of Java properties') },
  response: { header: {}, body: noBody },
  failures: [],
  source: 'rocketmq 5.5.0: AdminBrokerProcessor#updateColdDataFlowCtrGroupConfig',
});
