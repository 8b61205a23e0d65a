import { crc32 } from 'node:zlib';
import type { Disk } from '@rocketmq-ts/kernel';
import { writeAndSync } from '../checkpoint.js';
import type { ConsumeQueues } from './consume-queues.js';

/** Name of the file in the store's root directory. Layout: FORMAT.md. */
export const MANIFEST_NAME = 'rocketmq-ts.queues';

const HEADER = 'rocketmq-ts queues 1';
/** In the place of a queue's synced offset: its files are not to be believed. */
export const REBUILDING = -1;

/** The list of a store's queues. */
export interface Manifest {
  /** Oldest byte of the log when the list was written; the queues' `minOffset`s belong to it. */
  readonly logMinOffset: number;
  readonly queues: readonly ManifestQueue[];
}

/** What a queue had in its files when the manifest was written. */
export interface ManifestQueue {
  readonly topic: string;
  readonly queueId: number;
  /** Queue offset of the first message; what lies below never comes back. */
  readonly minOffset: number;
  /** Queue offset behind the last unit handed to the system. */
  readonly writtenOffset: number;
  /** Queue offset behind the last unit on stable storage; −1 while the queue is built anew, its files count for nothing. */
  readonly syncedOffset: number;
}

/**
 * Writes the list of all queues, so that the next start notices a queue whose files were lost. The old list is replaced as
 * a whole or not at all.
 * @throws system error
 */
export async function writeManifest(
  disk: Disk,
  rootPath: string,
  queues: ConsumeQueues,
  { durable, logMinOffset }: { readonly durable: boolean; readonly logMinOffset: number },
): Promise<void> {
  const lines = [`${HEADER} ${logMinOffset}`];
  for (const queue of queues) {
    const { queueId, minOffset, writtenOffset, topic } = queue;
    const syncedOffset = queue.rebuilding ? REBUILDING : queue.syncedOffset;
    // Without units there is still an offset to remember, unless the queue is new.
    if (writtenOffset > 0)
      lines.push(`${queueId} ${minOffset} ${writtenOffset} ${syncedOffset} ${topic}`);
  }
  const text = Buffer.from(`${lines.join('\n')}\n`, 'utf8');
  const checked = Buffer.concat([text, Buffer.from(`crc ${crc32(text)}\n`, 'latin1')]);
  const path = `${rootPath}/${MANIFEST_NAME}`;
  const temporary = `${path}.new`;
  await disk.remove(temporary);
  const file = await disk.open(temporary, { create: true });
  try {
    await writeAndSync(file, checked, 0, durable);
  } finally {
    await file.close();
  }
  await disk.rename(temporary, path);
  if (durable) await disk.syncDirectory(rootPath);
}

/** Reads the list; undefined where there is none or it is damaged. */
export async function readManifest(disk: Disk, rootPath: string): Promise<Manifest | undefined> {
  const bytes = await disk.readFile(`${rootPath}/${MANIFEST_NAME}`);
  if (!bytes) return undefined;
  const textEnd = bytes.lastIndexOf('crc ', bytes.length, 'latin1');
  if (textEnd <= 0) return undefined;
  const text = bytes.subarray(0, textEnd);
  if (bytes.toString('latin1', textEnd) !== `crc ${crc32(text)}\n`) return undefined;
  const [header, ...lines] = text.toString('utf8').trimEnd().split('\n');
  if (!header?.startsWith(`${HEADER} `)) return undefined;
  return { logMinOffset: Number(header.slice(HEADER.length + 1)), queues: lines.map(parseLine) };
}

function parseLine(line: string): ManifestQueue {
  const numbers = line.split(' ', 4);
  const topicAt = numbers.join(' ').length + 1;
  return {
    topic: line.slice(topicAt),
    queueId: Number(numbers[0]),
    minOffset: Number(numbers[1]),
    writtenOffset: Number(numbers[2]),
    syncedOffset: Number(numbers[3]),
  };
}
