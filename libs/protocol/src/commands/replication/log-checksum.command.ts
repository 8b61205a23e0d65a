import { defineCommand } from '../../define-command.js';
import { noBody } from '../../schema/body.codec.js';
import { int64 } from '../../schema/field.js';

/** A slave compares its log with its master's before it goes on copying. */
export const LogChecksum = defineCommand({
  name: 'LOG_CHECKSUM',
  code: 99_002,
  direction: 'broker to broker',
  ours: true,
  doc: 'CRC-32 of a part of the commit log, 4 MiB at most; a slave compares it with that of its own log before it goes on copying.',
  request: {
    header: {
      fromOffset: int64({ min: 0, unit: 'bytes', doc: 'First byte.' }),
      toOffset: int64({ min: 0, unit: 'bytes', doc: 'One past the last byte.' }),
    },
    body: noBody,
  },
  response: {
    header: {
      crc32: int64({ optional: true, min: 0, doc: 'Absent where not all of it is there.' }),
    },
    body: noBody,
  },
  failures: [],
  source: 'ours',
});
