import { defineCommand } from '../../define-command.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Deletes commit-log files that are older than the broker keeps them. */
export const DeleteExpiredCommitlog = defineCommand({
  name: 'DELETE_EXPIRED_COMMITLOG',
  code: 329,
  direction: 'client to broker',
  doc: 'Deletes commit-log files that are older than the broker keeps them.',
  request: { header: {}, body: noBody },
  response: { header: {}, body: noBody },
  failures: [ResponseCode.NO_PERMISSION],
  source: 'rocketmq 5.5.0: AdminBrokerProcessor#deleteExpiredCommitLog',
});
