import { defineCommand } from '../../define-command.js';
import { int64 } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Tells a slave how far its master's log is synced; a master takes no notice. */
export const ResetMasterFlushOffset = defineCommand({
  name: 'RESET_MASTER_FLUSH_OFFSET',
  code: 908,
  direction: 'client to broker',
  doc: "Tells a slave how far its master's log is synced; a master takes no notice.",
  request: {
    header: { masterFlushOffset: int64({ unit: 'bytes', doc: 'Commit-log offset.' }) },
    body: noBody,
  },
  response: { header: {}, body: noBody },
  failures: [ResponseCode.NO_PERMISSION],
  source:
    'rocketmq 5.5.0: ResetMasterFlushOffsetHeader; AdminBrokerProcessor#resetMasterFlushOffset',
});
