import type { SqlFilter } from '@rocketmq-ts/filter';
import { RecordLayout, locateRecord } from '@rocketmq-ts/protocol';

/** Where the properties of the record lie that is looked at: all filters share it, none waits in between. */
const layout = new RecordLayout();

/** Decides on stored records by their properties. */
export interface RecordFilter {
  matches(record: Buffer): boolean;
  /** Effort that the calls so far have cost, in bytes looked at; it only grows. */
  readonly workBytes: number;
}

/** Finds the properties in the bytes of a record and shows them to a SQL filter. */
export class SqlRecordFilter implements RecordFilter {
  workBytes = 0;

  constructor(private readonly filter: SqlFilter) {}

  matches(record: Buffer): boolean {
    // A record whose lengths contradict each other is the reader's business, not the filter's.
    if (locateRecord(record, 0, record.length, layout) !== undefined) return true;
    const { propertiesStart, propertiesEnd } = layout;
    this.workBytes += (propertiesEnd - propertiesStart) * this.filter.testCount;
    return this.filter.matches(record, propertiesStart, propertiesEnd);
  }
}
