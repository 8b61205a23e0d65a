import { defineCommand } from '../../define-command.js';
import { noBody, rawBody } from '../../schema/body.codec.js';

/** Asks how far the timer of a broker is. */
export const GetTimerCheckPoint = defineCommand({
  name: 'GET_TIMER_CHECK_POINT',
  code: 60,
  direction: 'client to broker',
  doc: 'How far the timer is: the 56 bytes of `config/timercheck`. SYSTEM_ERROR where there is no timer.',
  request: { header: {}, body: noBody },
  response: { header: {}, body: rawBody('seven 64-bit numbers') },
  failures: [],
  source: 'rocketmq 5.5.0: TimerCheckpoint#encode; AdminBrokerProcessor#getTimerCheckPoint',
});
