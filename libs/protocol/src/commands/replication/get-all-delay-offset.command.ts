import { DelayOffsetWrapper } from '../../bodies/offset-tables.js';
import { defineCommand } from '../../define-command.js';
import { jsonBody } from '../../json/json-text.js';
import { noBody } from '../../schema/body.codec.js';

/** Asks how far the delay levels are; a slave copies it. */
export const GetAllDelayOffset = defineCommand({
  name: 'GET_ALL_DELAY_OFFSET',
  code: 45,
  direction: 'broker to broker',
  doc: 'Asks how far the delay levels are delivered; a slave copies it.',
  request: { header: {}, body: noBody },
  response: { header: {}, body: jsonBody('DelayOffsetSerializeWrapper', DelayOffsetWrapper) },
  failures: [],
  source: 'rocketmq 5.5.0: AdminBrokerProcessor#getAllDelayOffset',
});
