import { defineCommand } from '../../define-command.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { ClusterInfo } from '../../bodies/topic-route-data.js';

/** Asks for all brokers and clusters. */
export const GetBrokerClusterInfo = defineCommand({
  name: 'GET_BROKER_CLUSTER_INFO',
  code: 106,
  direction: 'client to nameserver',
  doc: 'Asks for all brokers and clusters.',
  request: { header: {}, body: noBody },
  response: { header: {}, body: jsonBody('ClusterInfo', ClusterInfo) },
  failures: [],
  source: 'rocketmq 5.5.0: DefaultRequestProcessor#getBrokerClusterInfo',
});
