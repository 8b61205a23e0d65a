import { defineCommand } from '../../define-command.js';
import { noBody } from '../../schema/body.codec.js';
import { int64, string } from '../../schema/field.js';

/** A slave of ours asks its master for leave to copy the log, before it connects to the port for slaves. */
export const OpenReplication = defineCommand({
  name: 'OPEN_REPLICATION',
  code: 99_001,
  direction: 'broker to broker',
  ours: true,
  doc: 'A slave of ours says who it is; it learns what it may copy, and gets a ticket, which it shows as its first report on the port for slaves. Good for one connection within 30 s.',
  request: {
    header: {
      clusterName: string({ doc: 'Cluster of the slave; must be that of the master.' }),
      brokerName: string({ doc: 'Name of the slave; must be that of the master.' }),
      brokerId: int64({ min: 1, doc: 'Id of the slave.' }),
      brokerAddr: string({ doc: 'Address of the slave, `host:port`.' }),
      endOffset: int64({ min: 0, unit: 'bytes', doc: 'Commit-log offset at which its log ends.' }),
      segmentSizeBytes: int64({ min: 0, unit: 'bytes', doc: 'Size of its log files.' }),
    },
    body: noBody,
  },
  response: {
    header: {
      ticket: int64({ doc: 'Negative, so that it is no offset.' }),
      clusterName: string({ doc: 'Cluster of the master.' }),
      brokerName: string({ doc: 'Name of the group.' }),
      epoch: int64({ min: 0, doc: 'How often the group’s master was switched.' }),
      segmentSizeBytes: int64({ min: 0, unit: 'bytes', doc: 'Size of the master’s log files.' }),
      minOffset: int64({ min: 0, unit: 'bytes', doc: 'First byte of the master’s log.' }),
      writtenOffset: int64({ min: 0, unit: 'bytes', doc: 'One past its last written byte.' }),
    },
    body: noBody,
  },
  failures: [],
  source: 'ours',
});
