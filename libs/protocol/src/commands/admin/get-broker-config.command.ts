import { defineCommand } from '../../define-command.js';
import { string } from '../../schema/field.js';
import { noBody, textBody } from '../../schema/body.codec.js';

/** Asks for the settings of a broker. */
export const GetBrokerConfig = defineCommand({
  name: 'GET_BROKER_CONFIG',
  code: 26,
  direction: 'client to broker',
  doc: 'Asks for the settings of a broker.',
  request: { header: {}, body: noBody },
  response: {
    header: { version: string({ doc: 'DataVersion as JSON.' }) },
    body: textBody('lines name=value in the form of Java properties'),
  },
  failures: [],
  source: 'rocketmq 5.5.0: GetBrokerConfigResponseHeader; AdminBrokerProcessor#getBrokerConfig',
});
