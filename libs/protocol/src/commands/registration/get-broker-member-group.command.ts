import { defineCommand } from '../../define-command.js';
import { string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { BrokerMemberGroupResponse } from '../../bodies/topic-route-data.js';

/** Asks a nameserver for the brokers that share a name. */
export const GetBrokerMemberGroup = defineCommand({
  name: 'GET_BROKER_MEMBER_GROUP',
  code: 901,
  direction: 'broker to nameserver',
  doc: 'Asks a nameserver for the brokers that share a name.',
  request: {
    header: {
      clusterName: string({ doc: 'Cluster of the broker.' }),
      brokerName: string({ doc: 'Name that a master and its slaves share.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: jsonBody('BrokerMemberGroupResponse', BrokerMemberGroupResponse) },
  failures: [],
  source:
    'rocketmq 5.5.0: GetBrokerMemberGroupRequestHeader; DefaultRequestProcessor#getBrokerMemberGroup',
});
