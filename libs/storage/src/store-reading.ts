import { QueueCheck } from './queue-check.js';
import { FileReadPace } from './read/file-read-pace.js';
import { LogChunks } from './read/log-chunks.js';
import { MessageReader } from './read/message-reader.js';
import { RecordLookup } from './read/record-lookup.js';
import { TimeSearch } from './read/time-search.js';
import { UnitListing } from './read/unit-listing.js';
import { UnitSource } from './read/unit-source.js';
import type { StoreFoundation } from './store-foundation.js';
import type { StoreWriting } from './store-writing.js';

/** Share of the read cache that holds queue units. */
const UNIT_CACHE_SHARE = 1 / 8;

/** What gets messages out of the store. */
export interface StoreReading {
  readonly units: UnitSource;
  readonly log: LogChunks;
  readonly queueCheck: QueueCheck;
  readonly reader: MessageReader;
  readonly timeSearch: TimeSearch;
  readonly lookup: RecordLookup;
  readonly unitListing: UnitListing;
}

/** Puts the reading side together. */
export function assembleReading(
  foundation: StoreFoundation,
  writing: StoreWriting,
  lifeStartOffset: number,
): StoreReading {
  const { clock, logger, counters, settings, segments, files, flusher, index } = foundation;
  const { writer, dispatcher, tailCache, pool, queueWriter } = writing;
  const writtenOffset = (): number => writer.writtenOffset;
  const logStartOffset = (): number => segments.minOffset;
  const unitCacheBytes = settings.readCacheBytes * UNIT_CACHE_SHARE;
  const units = new UnitSource(files, unitCacheBytes);
  const logCacheBytes = settings.readCacheBytes - unitCacheBytes;
  const log = new LogChunks(segments, counters, writtenOffset, logCacheBytes);
  const timeSearch = new TimeSearch({ files, tailCache, log, logStartOffset, writtenOffset });
  const queueCheck = new QueueCheck({
    logger,
    counters,
    segments,
    files,
    flusher,
    queueWriter,
    units,
    timeSearch,
    dispatchedOffset: () => dispatcher.dispatchedOffset,
    deliverTimestampMs: settings.deliverTimestampMs,
  });
  const reader = new MessageReader({
    logger,
    counters,
    tailCache,
    pool,
    log,
    pace: new FileReadPace(clock, () => counters.appendedBytes),
    units,
    queueFileUnitCount: settings.consumeQueueFileUnitCount,
    transferLimits: settings.transferLimits,
    checkCrcOnRead: settings.checkCrcOnRead,
    lifeStartOffset,
    logStartOffset,
    writtenOffset,
    logEndOffset: writtenOffset,
    onDamage: (queue, queueOffset, offset) => queueCheck.noteDamage(queue, queueOffset, offset),
    onSuspectUnit: (queue, queueOffset, finding) => queueCheck.suspect(queue, queueOffset, finding),
  });
  const lookup = new RecordLookup({
    tailCache,
    log,
    index,
    logStartOffset,
    writtenOffset,
    visibleOffset: () => dispatcher.dispatchedOffset,
  });
  const unitListing = new UnitListing(files);
  return { units, log, queueCheck, reader, timeSearch, lookup, unitListing };
}
