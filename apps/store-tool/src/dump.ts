import type { Disk } from '@rocketmq-ts/kernel';
import { hostText, type MessageRecord } from '@rocketmq-ts/protocol';
import { walkLog } from '@rocketmq-ts/storage';

/** Which messages are wanted; undefined fields do not narrow. */
export interface DumpSelection {
  readonly topic: string | undefined;
  readonly queueId: number | undefined;
  readonly fromQueueOffset: number | undefined;
  readonly limit: number;
  /** Bodies as base64 instead of as text. */
  readonly base64: boolean;
}

/** One line of JSON per message, in the order of the log; damaged places as lines with `damage`. */
export async function* dumpStore(
  disk: Disk,
  root: string,
  selection: DumpSelection,
): AsyncGenerator<string> {
  let count = 0;
  for await (const finding of walkLog(disk, `${root}/commitlog`, true)) {
    if (finding.kind === 'damage')
      yield JSON.stringify({
        damage: finding.defect,
        commitLogOffset: finding.commitLogOffset,
        sizeBytes: finding.sizeBytes,
      });
    if (finding.kind !== 'record' || !isWanted(finding.record, selection)) continue;
    if (count++ >= selection.limit) return;
    yield JSON.stringify(describe(finding.record, selection.base64));
  }
}

function isWanted(
  record: MessageRecord,
  { topic, queueId, fromQueueOffset }: DumpSelection,
): boolean {
  return (
    (topic === undefined || record.topic === topic) &&
    (queueId === undefined || record.queueId === queueId) &&
    (fromQueueOffset === undefined || record.queueOffset >= fromQueueOffset)
  );
}

const describe = (record: MessageRecord, base64: boolean): object => ({
  topic: record.topic,
  queueId: record.queueId,
  queueOffset: record.queueOffset,
  commitLogOffset: record.commitLogOffset,
  sizeBytes: record.sizeBytes,
  sysFlag: record.sysFlag,
  flag: record.flag,
  bornAt: new Date(record.bornTimestampMs).toISOString(),
  bornHost: hostText(record.bornHostBytes),
  storedAt: new Date(record.storeTimestampMs).toISOString(),
  storeHost: hostText(record.storeHostBytes),
  reconsumeTimes: record.reconsumeTimes,
  properties: Object.fromEntries(record.properties),
  body: record.bodyBytes.toString(base64 ? 'base64' : 'utf8', record.bodyStart, record.bodyEnd),
});
