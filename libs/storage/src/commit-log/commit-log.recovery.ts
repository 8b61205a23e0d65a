import { sameCheckpoint, type CheckpointValues } from '../checkpoint.js';
import type { SidecarState } from '../sidecar.js';

/** What is known when recovery decides where to begin. */
export interface StartFacts {
  /** The file `abort` is there: the store was not closed in order, or somebody put it there. */
  readonly abortPresent: boolean;
  /** Whole slots of the sidecar, newest first. */
  readonly sidecar: readonly SidecarState[];
  /** Apache's checkpoint; undefined where it is missing or unreadable. */
  readonly checkpoint: CheckpointValues | undefined;
  readonly bootId: string | undefined;
  readonly segmentSizeBytes: number;
  /** The log's files cover [minOffset, endOffset). */
  readonly logMinOffset: number;
  readonly logEndOffset: number;
  /** Whether the record that the sidecar remembers is still where it was. */
  readonly remembersRecord: (state: SidecarState) => boolean;
}

/** Where recovery begins, and what it may rely on. */
export interface StartDecision {
  readonly basis:
    | 'empty'
    /** Closed in order by this software, nobody came after. */
    | 'clean'
    /** Killed, but the system ran on: what was handed to it is there. */
    | 'same-boot'
    /** The system may have stopped too: what was synced is there. */
    | 'synced'
    /** Closed in order by Apache's broker (or the sidecar is gone): its consume queues tell. */
    | 'queues'
    /** Not closed in order, and nothing but Apache's checkpoint to go by. */
    | 'checkpoint'
    /** Nothing to go by at all. */
    | 'whole-log';
  /** Where the scan begins; undefined: found by the caller from queues or from the checkpoint. */
  readonly scanFrom: number | undefined;
  /** The log reaches at least to here: an end before is damage, not a torn tail. */
  readonly floorOffset: number;
  /** Written bytes above `floorOffset` may be missing in any pattern, because the system may have lost power. */
  readonly powerLossPossible: boolean;
  /** The manifest of queues belongs to this state of the store. */
  readonly manifestCounts: boolean;
  /** Units of queues up to here were handed to the system (or synced, after a power loss). */
  readonly unitsTrustedUpTo: number;
}

/** Decides where the scan of the log begins. Pure: the table in the test lists every case. */
export function decideStart(facts: StartFacts): StartDecision {
  if (facts.logEndOffset === 0) {
    return decision({ basis: 'empty', scanFrom: 0 });
  }
  const state = facts.sidecar[0];
  if (!state || !isOurs(facts, state)) return decideByApache(facts);
  const sameBoot =
    facts.bootId !== undefined && facts.bootId !== '' && facts.bootId === state.bootId;
  if (state.clean && !facts.abortPresent) {
    return ourDecision(facts, 'clean', state.logEndOffset);
  }
  if (sameBoot) return ourDecision(facts, 'same-boot', state.writtenUpTo);
  return ourDecision(facts, 'synced', state.syncedUpTo);
}

/** Whether the sidecar still speaks of this store: nobody else has used it since, and its places exist. */
function isOurs(facts: StartFacts, state: SidecarState): boolean {
  // The checkpoint is written right behind the sidecar: after a crash between the two it is the one of the slot before.
  const { checkpoint } = facts;
  // Apache's broker would have made one: without any, it was not here.
  const checkpointFits =
    checkpoint === undefined ||
    facts.sidecar.some((slot) => sameCheckpoint(slot.checkpoint, checkpoint));
  const inLog = (offset: number): boolean =>
    offset >= facts.logMinOffset && offset <= facts.logEndOffset;
  return (
    checkpointFits &&
    state.segmentSizeBytes === facts.segmentSizeBytes &&
    inLog(state.syncedUpTo) &&
    inLog(state.writtenUpTo) &&
    facts.remembersRecord(state)
  );
}

function ourDecision(
  facts: StartFacts,
  basis: 'clean' | 'same-boot' | 'synced',
  offset: number,
): StartDecision {
  return {
    basis,
    scanFrom: Math.max(offset, facts.logMinOffset),
    floorOffset: offset,
    powerLossPossible: basis === 'synced',
    manifestCounts: true,
    unitsTrustedUpTo: offset,
  };
}

function decideByApache(facts: StartFacts): StartDecision {
  if (!facts.abortPresent && facts.checkpoint) return decision({ basis: 'queues' });
  if (facts.checkpoint) return decision({ basis: 'checkpoint', powerLossPossible: true });
  return decision({
    basis: 'whole-log',
    scanFrom: facts.logMinOffset,
    powerLossPossible: facts.abortPresent,
  });
}

const decision = (known: Partial<StartDecision> & Pick<StartDecision, 'basis'>): StartDecision => ({
  scanFrom: undefined,
  floorOffset: 0,
  powerLossPossible: false,
  manifestCounts: false,
  unitsTrustedUpTo: 0,
  ...known,
});

/** What is known of the place where the scan found no further record. */
export interface EndFacts {
  /** The log is known to reach at least to here. */
  readonly reachesFloor: boolean;
  /** A sound record lies behind. */
  readonly recordBehind: boolean;
  /** Bytes that are not zero lie behind. */
  readonly bytesBehind: boolean;
  readonly powerLossPossible: boolean;
  readonly repair: boolean;
}

/**
 * What to do at the end of the scan:
 *  - `end`: the log ends here, nothing lies behind;
 *  - `cut`: a torn tail; what lies behind is removed;
 *  - `cut-keeping-copy`: as `cut`, but whole records lie behind, out of a window in which a power loss may take any
 *    part; they were never promised, and are set aside in a file before they are removed;
 *  - `refuse`: damage; the store does not start;
 *  - `repair-gap`: damage, and the operator asked for repair: the gap is bridged and the scan goes on behind it;
 *  - `repair-cut`: damage up to the end, and the operator asked for repair: the log ends here.
 */
export type EndDecision =
  'end' | 'cut' | 'cut-keeping-copy' | 'refuse' | 'repair-gap' | 'repair-cut';

/** Torn tail or damage? Pure: the table in the test lists every case. */
export function decideEnd(facts: EndFacts): EndDecision {
  const lossExplainsIt = facts.reachesFloor && (facts.powerLossPossible || !facts.recordBehind);
  if (lossExplainsIt) {
    if (facts.recordBehind) return 'cut-keeping-copy';
    return facts.bytesBehind ? 'cut' : 'end';
  }
  if (!facts.repair) return 'refuse';
  return facts.recordBehind ? 'repair-gap' : 'repair-cut';
}
