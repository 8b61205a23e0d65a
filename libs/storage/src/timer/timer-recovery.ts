/** What was found of the file that says how far the timer is. */
export type FoundCheckpoint = 'OURS' | 'APACHE' | 'BACKUP' | 'NONE';
/** Whether the timer log has all units up to where the checkpoint says it was synced. */
export type FoundLog = 'REACHES' | 'SHORT';
/** Whether there is a whole snapshot of the wheel that belongs to this log. */
export type FoundSnapshot = 'FITS' | 'NONE' | 'OTHER_PRECISION';

/** What the timer's files look like at the start. */
export interface TimerFindings {
  readonly checkpoint: FoundCheckpoint;
  readonly log: FoundLog;
  readonly snapshot: FoundSnapshot;
}

/** How the timer gets its state back. */
export interface TimerRecoveryPlan {
  /** Label of the row of the table. */
  readonly row: string;
  /** What the wheel is built from; `QUEUE`: the timer topic is read again and makes a new timer log. */
  readonly wheelFrom: 'SNAPSHOT' | 'WHOLE_LOG' | 'QUEUE';
  /** Where the timer log ends; units behind are cut off and come again from the queue. */
  readonly logEnd: 'CHECKPOINT' | 'LAST_VALID_UNIT' | 'EMPTY';
  /** First message of the timer topic that is read. */
  readonly resumeAt: 'CHECKPOINT' | 'QUEUE_START';
  /** Slots before it are delivered; `OLDEST`: nobody knows, as far back as the wheel goes. */
  readonly readTime: 'CHECKPOINT' | 'OLDEST';
}

/**
 * The table of all cases; the first row that fits decides.
 *
 * | row | checkpoint   | log     | snapshot        | wheel from | log ends at     | queue from | read time  |
 * | R1  | none         | any     | any             | queue      | empty           | its start  | oldest     |
 * | R2  | any          | any     | other precision | queue      | empty           | its start  | checkpoint |
 * | R3  | any          | short   | any             | queue      | empty           | its start  | checkpoint |
 * | R4  | ours, backup | reaches | fits            | snapshot   | checkpoint      | checkpoint | checkpoint |
 * | R5  | ours, backup | reaches | none            | whole log  | checkpoint      | checkpoint | checkpoint |
 * | R6  | Apache's     | reaches | fits            | snapshot   | last valid unit | checkpoint | checkpoint |
 * | R7  | Apache's     | reaches | none            | whole log  | last valid unit | checkpoint | checkpoint |
 *
 * Ours is written behind a sync of the log and says where exactly the log ended; Apache's broker notes the position of the
 * sync before, so that units behind it count (one that then comes again from the queue is known by its commit-log offset).
 * Apache's wheel file is never believed: what it says follows from the log.
 */
const TABLE: readonly (TimerRecoveryPlan & { readonly fits: (found: TimerFindings) => boolean })[] =
  [
    {
      row: 'R1',
      fits: ({ checkpoint }) => checkpoint === 'NONE',
      wheelFrom: 'QUEUE',
      logEnd: 'EMPTY',
      resumeAt: 'QUEUE_START',
      readTime: 'OLDEST',
    },
    {
      row: 'R2',
      fits: ({ snapshot }) => snapshot === 'OTHER_PRECISION',
      wheelFrom: 'QUEUE',
      logEnd: 'EMPTY',
      resumeAt: 'QUEUE_START',
      readTime: 'CHECKPOINT',
    },
    {
      row: 'R3',
      fits: ({ log }) => log === 'SHORT',
      wheelFrom: 'QUEUE',
      logEnd: 'EMPTY',
      resumeAt: 'QUEUE_START',
      readTime: 'CHECKPOINT',
    },
    {
      row: 'R4',
      fits: ({ checkpoint, snapshot }) => checkpoint !== 'APACHE' && snapshot === 'FITS',
      wheelFrom: 'SNAPSHOT',
      logEnd: 'CHECKPOINT',
      resumeAt: 'CHECKPOINT',
      readTime: 'CHECKPOINT',
    },
    {
      row: 'R5',
      fits: ({ checkpoint }) => checkpoint !== 'APACHE',
      wheelFrom: 'WHOLE_LOG',
      logEnd: 'CHECKPOINT',
      resumeAt: 'CHECKPOINT',
      readTime: 'CHECKPOINT',
    },
    {
      row: 'R6',
      fits: ({ snapshot }) => snapshot === 'FITS',
      wheelFrom: 'SNAPSHOT',
      logEnd: 'LAST_VALID_UNIT',
      resumeAt: 'CHECKPOINT',
      readTime: 'CHECKPOINT',
    },
    {
      row: 'R7',
      fits: () => true,
      wheelFrom: 'WHOLE_LOG',
      logEnd: 'LAST_VALID_UNIT',
      resumeAt: 'CHECKPOINT',
      readTime: 'CHECKPOINT',
    },
  ];

/** What is to be done about what was found. */
export function planTimerRecovery(found: TimerFindings): TimerRecoveryPlan {
  return TABLE.find(({ fits }) => fits(found))!;
}
