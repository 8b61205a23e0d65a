import type { StoreStats } from './message-store.types.js';

/** The store's counters while they count; everybody else sees them as `StoreStats`. */
export class StoreCounters implements StoreStats {
  appendedMessages = 0;
  appendedBytes = 0;
  logWrites = 0;
  logSyncs = 0;
  lastSyncMs = 0;
  maxSyncMs = 0;
  unwrittenBytes = 0;
  unflushedBytes = 0;
  readMessages = 0;
  readBytes = 0;
  logChunkReads = 0;
  queueUnitsWritten = 0;
  queueWrites = 0;
  damagedRecords = 0;
  deletedSegments = 0;
  flushTimeouts = 0;
  missingCopies = 0;
  refusedAppends = 0;
}
