import { defineCommand } from '../../define-command.js';
import { jsonBody } from '../../json/json-text.js';
import { ColdDataFlowCtrInfo } from '../../bodies/cold-data-flow.js';
import { noBody } from '../../schema/body.codec.js';

/** Asks which groups read cold data, and how much they may. */
export const GetColdDataFlowCtrInfo = defineCommand({
  name: 'GET_COLD_DATA_FLOW_CTR_INFO',
  code: 2003,
  direction: 'client to broker',
  doc: 'Asks which groups read cold data, and how much they may.',
  request: { header: {}, body: noBody },
  response: { header: {}, body: jsonBody('ColdDataFlowCtrInfo', ColdDataFlowCtrInfo) },
  failures: [],
  source: 'rocketmq 5.5.0: AdminBrokerProcessor#getColdDataFlowCtrInfo, ColdDataCgCtrService',
});
