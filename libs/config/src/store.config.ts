import {
  BooleanKey,
  ChoiceKey,
  IntegerKey,
  PathKey,
  TextKey,
  type ConfigRelation,
} from './config-key.decorator.js';

const KIB = 1_024;
const MIB = 1_024 * KIB;
const GIB = 1_024 * MIB;
const QUEUE_UNIT_BYTES = 20;

const hoursProblem = (text: string): string | undefined =>
  text.split(';').every((hour) => /^\s*([01]?\d|2[0-3])\s*$/.test(hour))
    ? undefined
    : 'wants hours of the day, e.g. 04 or 04;16';

/** The store of a broker. Source of names and defaults: rocketmq 5.5.0 `MessageStoreConfig`. */
export class StoreConfig {
  static readonly group = 'store';
  static readonly relations: readonly ConfigRelation<StoreConfig>[] = [
    {
      rule: 'S1: diskMaxUsedPercent <= diskCleanForciblyPercent',
      advisory: true,
      because: 'expired files must go before files that have not expired',
      keys: ['diskMaxUsedPercent', 'diskCleanForciblyPercent'],
      holds: (store) => store.diskMaxUsedPercent <= store.diskCleanForciblyPercent,
    },
    {
      rule: 'S2: diskCleanForciblyPercent <= diskFullPercent',
      advisory: true,
      because: 'cleaning must get its chance before sends are refused',
      keys: ['diskCleanForciblyPercent', 'diskFullPercent'],
      holds: (store) => store.diskCleanForciblyPercent <= store.diskFullPercent,
    },
    {
      rule: 'S3: flushIntervalMs < syncFlushTimeoutMs',
      advisory: true,
      because: 'a sync that has begun in time should be able to end in time',
      keys: ['flushIntervalMs', 'syncFlushTimeoutMs'],
      holds: (store) => store.flushIntervalMs < store.syncFlushTimeoutMs,
    },
    {
      rule: 'S4: timerRollWindowSlots x timerPrecisionMs < fileReservedMs',
      advisory: true,
      because:
        'a timed message is stored anew before its log file expires: earlier than the window says',
      keys: ['timerRollWindowSlots', 'timerPrecisionMs', 'fileReservedMs'],
      holds: (store) => store.timerRollWindowSlots * store.timerPrecisionMs < store.fileReservedMs,
    },
  ];

  @PathKey({ java: 'storePathRootDir', doc: 'Folder of the store.' })
  storePathRootDir = '~/store';

  @PathKey({
    java: 'storePathCommitLog',
    doc: 'Folder of the commit log. Default: commitlog in storePathRootDir.',
  })
  storePathCommitLog: string | undefined = undefined;

  @IntegerKey({
    java: 'mappedFileSizeCommitLog',
    doc: 'Length of a commit-log file. A store keeps the length it was made with.',
    unit: 'bytes',
    min: MIB,
    max: 2 * GIB - 1,
  })
  commitLogSegmentBytes = GIB;

  @IntegerKey({
    java: 'mappedFileSizeConsumeQueue',
    doc: 'Length of a consume-queue file, rounded up to whole units of 20 bytes.',
    unit: 'bytes',
    min: QUEUE_UNIT_BYTES * 1_000,
    max: 2 * GIB - QUEUE_UNIT_BYTES,
  })
  consumeQueueFileBytes = 300_000 * QUEUE_UNIT_BYTES;

  @BooleanKey({ java: 'messageIndexEnable', doc: 'Whether messages can be found by key.' })
  messageIndexEnable = true;

  @IntegerKey({
    java: 'maxHashSlotNum',
    doc: 'Hash slots of an index file.',
    unit: 'slots',
    min: 1_000,
    max: 100_000_000,
  })
  indexSlotCount = 5_000_000;

  @IntegerKey({
    java: 'maxIndexNum',
    doc: 'Entries of an index file.',
    unit: 'entries',
    min: 1_000,
    max: 100_000_000,
  })
  indexEntryCountMax = 20_000_000;

  @ChoiceKey({
    java: 'flushDiskType',
    doc: 'When a send is answered: ASYNC_FLUSH after the write, SYNC_FLUSH after the sync.',
    danger: 'With ASYNC_FLUSH a power loss takes what was acknowledged within flushIntervalMs.',
    choices: ['ASYNC_FLUSH', 'SYNC_FLUSH'],
  })
  flushDiskType: 'ASYNC_FLUSH' | 'SYNC_FLUSH' = 'ASYNC_FLUSH';

  @IntegerKey({
    java: 'flushIntervalCommitLog',
    doc: 'Written bytes of the commit log are synced at the latest after this.',
    unit: 'ms',
    min: 1,
    max: 60_000,
  })
  flushIntervalMs = 500;

  @IntegerKey({
    java: 'syncFlushTimeout',
    doc: 'A send that waits for its sync for longer is answered FLUSH_DISK_TIMEOUT; the message stays.',
    unit: 'ms',
    min: 10,
    max: 600_000,
  })
  syncFlushTimeoutMs = 5_000;

  @IntegerKey({
    java: 'flushIntervalConsumeQueue',
    doc: 'Units of consume queues are written out at the latest after this; the commit log can always give them back.',
    unit: 'ms',
    min: 10,
    max: 600_000,
  })
  consumeQueueWriteIntervalMs = 5_000;

  @IntegerKey({
    java: 'flushConsumeQueueThoroughInterval',
    doc: 'Written units of consume queues are synced at the latest after this.',
    unit: 'ms',
    min: 10,
    max: 3_600_000,
  })
  consumeQueueSyncIntervalMs = 60_000;

  @IntegerKey({
    java: { key: 'fileReservedTime', factor: 3_600_000 },
    doc: 'Age of a commit-log file after which it may be deleted.',
    unit: 'ms',
    min: 60_000,
    max: 365 * 24 * 3_600_000,
    reloadable: true,
    danger: 'Messages that nobody has read by then are gone.',
  })
  fileReservedMs = 72 * 3_600_000;

  @TextKey({
    java: 'deleteWhen',
    doc: 'Hours of the day (local time) in which expired files are deleted, e.g. 04 or 04;16.',
    reloadable: true,
    check: hoursProblem,
  })
  deleteWhen = '04';

  @IntegerKey({
    java: { key: 'diskMaxUsedSpaceRatio', atLeast: 10, atMost: 95 },
    doc: 'Used share of the disk above which expired files are deleted at any hour.',
    unit: 'percent',
    min: 10,
    max: 95,
    reloadable: true,
  })
  diskMaxUsedPercent = 75;

  @IntegerKey({
    java: { key: 'diskSpaceCleanForciblyRatio', atLeast: 30, atMost: 97 },
    doc: 'Used share of the disk above which the oldest files are deleted although they have not expired.',
    unit: 'percent',
    min: 30,
    max: 97,
    reloadable: true,
    danger: 'Messages that nobody has read may be deleted.',
  })
  diskCleanForciblyPercent = 85;

  @BooleanKey({
    java: 'cleanFileForciblyEnable',
    doc: 'Whether diskCleanForciblyPercent is obeyed.',
    reloadable: true,
    danger: 'false makes a full disk refuse sends instead of losing the oldest messages.',
  })
  cleanFileForcibly = true;

  @IntegerKey({
    java: { key: 'diskSpaceWarningLevelRatio', atLeast: 35, atMost: 99 },
    doc: 'Used share of the disk above which sends are refused.',
    unit: 'percent',
    min: 35,
    max: 99,
    reloadable: true,
  })
  diskFullPercent = 90;

  @IntegerKey({
    doc: 'Free bytes below which sends are refused, but never more than a tenth of the disk.',
    unit: 'bytes',
    min: 0,
    max: 1_024 * GIB,
    reloadable: true,
  })
  diskReserveBytes = 256 * MIB;

  @IntegerKey({
    java: 'cleanResourceInterval',
    doc: 'How often deleting files is considered.',
    unit: 'ms',
    min: 100,
    max: 3_600_000,
  })
  cleanIntervalMs = 10_000;

  @IntegerKey({
    java: 'deleteFileBatchMax',
    doc: 'Files deleted in one go.',
    unit: 'files',
    min: 1,
    max: 10_000,
    reloadable: true,
  })
  deleteFileCountMax = 10;

  @IntegerKey({
    doc: 'Memory for the newest bytes of the commit log.',
    unit: 'bytes',
    min: 64 * KIB,
    max: GIB,
  })
  tailCacheBytes = 32 * MIB;

  @IntegerKey({
    doc: 'Memory for parts of older files that are being read.',
    unit: 'bytes',
    min: 64 * KIB,
    max: 16 * GIB,
  })
  readCacheBytes = 32 * MIB;

  @IntegerKey({
    doc: 'Accepted bytes that are not written yet from which sends are slowed down.',
    unit: 'bytes',
    min: MIB,
    max: GIB,
  })
  unwrittenBytesMax = 32 * MIB;

  @IntegerKey({
    doc: 'Bytes written with zeros ahead of the end of the log, which makes writes and syncs cheaper; 0 turns it off.',
    unit: 'bytes',
    min: 0,
    max: GIB,
  })
  zeroAheadBytes: number | undefined = undefined;

  @IntegerKey({
    doc: 'Files of consume queues that are kept open; never more than half of what the system lets the process open (`ulimit -Hn`).',
    unit: 'files',
    min: 16,
    max: 1_000_000,
  })
  openQueueFileCountMax = 16_384;

  @BooleanKey({
    java: 'timerWheelEnable',
    doc: 'Whether messages may name a time of delivery of their own (TIMER_DELIVER_MS and its like).',
  })
  timerWheelEnable = true;

  @IntegerKey({
    java: 'timerPrecisionMs',
    doc: 'Span of a slot of the timing wheel: 100, 200, 500 or 1000; others count as the next lower one. Messages are delivered to the millisecond whatever it is.',
    unit: 'ms',
    min: 1,
    max: 2_147_483_647,
  })
  timerPrecisionMs = 1_000;

  @IntegerKey({
    java: 'timerMaxDelaySec',
    doc: 'Furthest that a time of delivery may lie ahead.',
    unit: 's',
    min: 1,
    max: 2_147_483_647,
    reloadable: true,
  })
  timerMaxDelaySec = 3 * 86_400;

  @IntegerKey({
    java: 'timerRollWindowSlot',
    doc: 'Slots that the wheel holds ahead; a message for a later one is stored anew on the way.',
    unit: 'slots',
    min: 0,
    max: 2_147_483_647,
  })
  timerRollWindowSlots = 2 * 86_400;

  @IntegerKey({
    java: 'timerFlushIntervalMs',
    doc: 'How often the progress of timed messages is saved; a crash repeats what was delivered since.',
    unit: 'ms',
    min: 10,
    max: 60_000,
  })
  timerFlushIntervalMs = 1_000;

  @IntegerKey({
    java: 'timerCongestNumEachSlot',
    doc: 'Messages in one slot from which more and more are refused; from twice as many on all.',
    unit: 'messages',
    min: 1,
    max: 2_147_483_647,
    reloadable: true,
  })
  timerSlotMessageMax = 2_147_483_647;

  @IntegerKey({
    java: 'mappedFileSizeTimerLog',
    doc: 'Length of a file of the timer log. A store keeps the length it was made with.',
    unit: 'bytes',
    min: 4 * KIB,
    max: 2 * GIB - 1,
  })
  timerLogFileBytes = 100 * MIB;

  @BooleanKey({
    java: 'timerStopEnqueue',
    doc: 'Timed messages are stored but not noted: none of them will be delivered until it is turned off.',
    reloadable: true,
  })
  timerStopEnqueue = false;

  @BooleanKey({
    java: 'timerStopDequeue',
    doc: 'Timed messages are noted but not delivered.',
    reloadable: true,
  })
  timerStopDequeue = false;

  @BooleanKey({
    java: 'appendTopicForTimerDeleteKey',
    doc: 'Recalls name topic and unique key, as RocketMQ before 5.5.0 did. Both forms are understood.',
  })
  timerRecallKeyWithTopic = false;

  @BooleanKey({
    java: 'enableLmq',
    doc: 'Whether messages may stand in light queues (topics that begin with %LMQ%) besides their own; needs enableMultiDispatch, too.',
    reloadable: true,
  })
  lightQueues = false;

  @BooleanKey({
    java: 'enableMultiDispatch',
    doc: 'Whether the property INNER_MULTI_DISPATCH names further queues for a message.',
    reloadable: true,
  })
  multiDispatch = false;

  @IntegerKey({
    java: 'maxLmqConsumeQueueNum',
    doc: 'Most light queues; a message that needs one more is refused.',
    unit: 'queues',
    min: 1,
    max: 10_000_000,
    reloadable: true,
  })
  lightQueueCountMax = 20_000;

  @BooleanKey({ doc: 'Whether the checksum of a body that is read from a file is verified.' })
  checkCrcOnRead = true;

  @BooleanKey({
    doc: 'Start on a damaged log: what is valid is kept, damaged ranges are skipped.',
    danger: 'Messages in damaged ranges are given up.',
  })
  repair = false;
}
