import { RecordLayout, locateRecord, parsePropertiesBytes } from '@rocketmq-ts/protocol';
import type { RecordFilter } from './record-filter.js';

const layout = new RecordLayout();

/**
 * The filter of a retry topic whose own subscription selects by properties: each message is judged by what the group
 * wants of the topic from which the message came. Only with `filterSupportRetry`.
 * Source: rocketmq 5.5.0 `ExpressionForRetryMessageFilter#isMatchedByCommitLog`.
 */
export class RetryRecordFilter implements RecordFilter {
  workBytes = 0;

  /** @param filterOf the group's filter for a topic; undefined where it wants everything of it, or nothing is known. */
  constructor(private readonly filterOf: (topic: string) => RecordFilter | undefined) {}

  matches(record: Buffer): boolean {
    if (locateRecord(record, 0, record.length, layout) !== undefined) return true;
    const { propertiesStart, propertiesEnd } = layout;
    this.workBytes += propertiesEnd - propertiesStart;
    const properties = parsePropertiesBytes(record, propertiesStart, propertiesEnd);
    const topic = properties.get('RETRY_TOPIC');
    const filter = topic === undefined ? undefined : this.filterOf(topic);
    if (!filter) return true;
    const before = filter.workBytes;
    const matches = filter.matches(record);
    this.workBytes += filter.workBytes - before;
    return matches;
  }
}
