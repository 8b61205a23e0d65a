import { defineCommand } from '../../define-command.js';
import { noBody } from '../../schema/body.codec.js';
import { int64, string } from '../../schema/field.js';

/** Asks a broker for its role in its group, and for the bounds of its log. */
export const ReplicationRole = defineCommand({
  name: 'REPLICATION_ROLE',
  code: 99_004,
  direction: 'broker to broker',
  ours: true,
  doc: 'Asks a broker for its role in its group, for the epoch of its master, and for the bounds of its log.',
  request: { header: {}, body: noBody },
  response: {
    header: {
      clusterName: string({ doc: 'Cluster.' }),
      brokerName: string({ doc: 'Name of the group.' }),
      brokerId: int64({ min: 0, doc: '0 for the master.' }),
      role: string({ doc: 'ASYNC_MASTER, SYNC_MASTER or SLAVE.' }),
      epoch: int64({
        min: 0,
        doc: 'How often the group’s master was switched, as far as it knows.',
      }),
      minOffset: int64({ min: 0, unit: 'bytes', doc: 'Commit-log offset of its first byte.' }),
      maxOffset: int64({ min: 0, unit: 'bytes', doc: 'One past its last written byte.' }),
      segmentSizeBytes: int64({ min: 0, unit: 'bytes', doc: 'Size of its log files.' }),
      state: string({ optional: true, doc: 'Of a slave: what its replication is doing.' }),
      masterAddr: string({ optional: true, doc: 'Of a slave: the master that it copies.' }),
    },
    body: noBody,
  },
  failures: [],
  source: 'ours',
});
