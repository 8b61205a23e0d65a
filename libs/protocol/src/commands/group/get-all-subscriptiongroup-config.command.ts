import { defineCommand } from '../../define-command.js';
import { int32, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { SubscriptionGroupWrapper } from '../../bodies/subscription-group-config.js';

/** Asks for the settings of all consumer groups. */
export const GetAllSubscriptiongroupConfig = defineCommand({
  name: 'GET_ALL_SUBSCRIPTIONGROUP_CONFIG',
  code: 201,
  direction: 'client to broker',
  doc: 'Settings of all consumer groups, whole or, with maxGroupNum, in pages. The answer leaves totalGroupNum out where it holds all.',
  request: {
    header: {
      groupSeq: int32({
        optional: true,
        doc: 'Position of the first group wanted; older peers send no header.',
      }),
      dataVersion: string({ optional: true, doc: 'Version that the earlier pages had, as JSON.' }),
      maxGroupNum: int32({ optional: true, unit: 'groups', doc: 'Most groups wanted.' }),
    },
    body: noBody,
  },
  response: {
    header: {
      totalGroupNum: int32({ optional: true, unit: 'groups', doc: 'How many groups there are.' }),
    },
    body: jsonBody('SubscriptionGroupWrapper', SubscriptionGroupWrapper),
  },
  failures: [],
  source:
    'rocketmq 5.5.0: GetAllSubscriptionGroupRequestHeader; AdminBrokerProcessor#getAllSubscriptionGroup',
});
