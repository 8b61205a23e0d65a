import { defineCommand } from '../../define-command.js';
import { noBody } from '../../schema/body.codec.js';
import { boolean, int64, string } from '../../schema/field.js';

/** An operator makes a slave the master of its group. */
export const PromoteSlave = defineCommand({
  name: 'PROMOTE_SLAVE',
  code: 99_003,
  direction: 'client to broker',
  ours: true,
  doc: 'Makes a slave the master of its group, with an epoch of its own. Refused while the master lives, unless forced.',
  request: {
    header: {
      force: boolean({
        default: false,
        doc: 'Also while the master lives: what it takes from then on is lost.',
      }),
      role: string({ default: 'ASYNC_MASTER', doc: 'ASYNC_MASTER or SYNC_MASTER.' }),
    },
    body: noBody,
  },
  response: {
    header: {
      epoch: int64({ min: 1, doc: 'Epoch that begins.' }),
      fromOffset: int64({ min: 0, unit: 'bytes', doc: 'Commit-log offset at which it begins.' }),
    },
    body: noBody,
  },
  failures: [],
  source: 'ours',
});
