import { MAGIC_BLANK, RecordAt } from '@rocketmq-ts/protocol';
import { BLANK_MIN_BYTES } from '@rocketmq-ts/protocol';
import type { LogBytes, CopiedLog, SourceLog } from './log-seams.js';
import type { MasterLink, MasterLogDescription, ReplicationOffer } from './master-link.js';
import { comparePrefix } from './prefix-check.js';
import {
  DivergedLogError,
  ForeignMasterError,
  HaProtocolError,
  ReplicaTooOldError,
} from './replication-errors.js';

/** Who this slave is, and what it knows of its group. */
export interface SlaveIdentity {
  readonly clusterName: string;
  readonly brokerName: string;
  readonly brokerId: number;
  /** Where its clients reach it. */
  readonly address: string;
  /** The highest epoch of a master that this slave has followed, or was. */
  epoch(): number;
}

/** What a slave and its master have agreed upon before the stream begins. */
export interface Agreement {
  /** Undefined: an Apache master. */
  readonly ticket: number | undefined;
  readonly epoch: number | undefined;
  readonly masterOffset: number;
}

/** The parts of a slave that agree. */
export interface AgreementParts {
  readonly link: MasterLink;
  readonly log: SourceLog;
  readonly replica: CopiedLog;
  readonly identity: SlaveIdentity;
}

const RECORD_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Finds out whether this slave's log may go on with the master's bytes, and where the stream begins. A log that is empty begins
 * where the master's begins, so that the whole of it is copied.
 * @throws {DivergedLogError} {ReplicaTooOldError} {ForeignMasterError}; {HaProtocolError} the master answered nonsense;
 *   whatever the link throws
 */
export async function agreeWithMaster(parts: AgreementParts): Promise<Agreement> {
  const { link, log, replica, identity } = parts;
  const { brokerId, address } = identity;
  const { segmentSizeBytes } = log;
  const { endOffset } = replica;
  const offer = await link.openReplication({ brokerId, address, endOffset, segmentSizeBytes });
  if (!offer) return agreeWithApache(parts);
  checkOffer(offer, identity);
  checkSegmentSize(offer, segmentSizeBytes);
  const agreement = {
    ticket: offer.ticket,
    epoch: offer.epoch,
    masterOffset: offer.writtenOffset,
  };
  if (replica.isEmpty) {
    await replica.beginAt(offer.minOffset);
    return agreement;
  }
  const verdict = await comparePrefix(log, {
    minOffset: offer.minOffset,
    writtenOffset: offer.writtenOffset,
    checksum: (fromOffset, toOffset) => link.checksum(fromOffset, toOffset),
  });
  if (verdict.kind === 'TOO_OLD') throw new ReplicaTooOldError(endOffset, offer.minOffset);
  if (verdict.kind === 'DIVERGED')
    throw new DivergedLogError(endOffset, offer.writtenOffset, verdict.commonOffset);
  return agreement;
}

function checkOffer(offer: ReplicationOffer, identity: SlaveIdentity): void {
  const { clusterName, brokerName } = identity;
  if (offer.clusterName !== clusterName || offer.brokerName !== brokerName)
    throw new ForeignMasterError(
      `the master is of ${offer.clusterName}/${offer.brokerName}, this slave of ${clusterName}/${brokerName}`,
    );
  if (offer.epoch < identity.epoch())
    throw new ForeignMasterError(
      `the master is of epoch ${offer.epoch}, this slave has followed one of epoch ${identity.epoch()}: it was replaced`,
    );
  if (offer.ticket >= 0) throw new HaProtocolError(`a ticket of ${offer.ticket}`);
}

function checkSegmentSize(master: MasterLogDescription, segmentSizeBytes: number): void {
  if (master.segmentSizeBytes !== segmentSizeBytes)
    throw new ForeignMasterError(
      `the master's log has files of ${master.segmentSizeBytes} bytes, this slave's of ${segmentSizeBytes} (mappedFileSizeCommitLog)`,
    );
}

/** Apache's master answers no checksums; what it can be asked is where its log begins and ends, and single records. */
async function agreeWithApache(parts: AgreementParts): Promise<Agreement> {
  const { link, log, replica } = parts;
  const master = await link.describe();
  checkSegmentSize(master, log.segmentSizeBytes);
  const agreement = { ticket: undefined, epoch: undefined, masterOffset: master.writtenOffset };
  if (replica.isEmpty) {
    await beginUnderApache(parts, master);
    return agreement;
  }
  const { endOffset } = replica;
  if (endOffset < master.minOffset) throw new ReplicaTooOldError(endOffset, master.minOffset);
  if (endOffset > master.writtenOffset)
    throw new DivergedLogError(endOffset, master.writtenOffset, undefined);
  await checkLastRecord(parts, master);
  return agreement;
}

/**
 * To a report of 0 an Apache master answers with its last file alone. So the first record, which is the only one that can make
 * a report of something else, is fetched as a client would fetch it.
 */
async function beginUnderApache(parts: AgreementParts, master: MasterLogDescription) {
  const { link, replica } = parts;
  await replica.beginAt(master.minOffset);
  if (master.minOffset > 0 || master.writtenOffset === 0) return;
  const record = await link.recordAt(0);
  if (!record || replica.take(record) !== record.length)
    throw new HaProtocolError('the master does not show the first record of its log');
}

/** The last record that we have must be the master's too. */
async function checkLastRecord(parts: AgreementParts, master: MasterLogDescription) {
  const { link, log } = parts;
  const endOffset = log.writtenOffset;
  const startOffset = await log.boundaryBefore(endOffset - 1);
  if (startOffset === undefined || startOffset < master.minOffset) return;
  const record = await readWhole(log, startOffset, endOffset);
  // Filler at the end of a file is no message: nobody can ask for it.
  if (record.length < BLANK_MIN_BYTES || record.readInt32BE(RecordAt.MAGIC) === MAGIC_BLANK) return;
  const theirs = await link.recordAt(startOffset);
  if (!theirs?.equals(record))
    throw new DivergedLogError(endOffset, master.writtenOffset, undefined);
}

async function readWhole(log: SourceLog, fromOffset: number, toOffset: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const endOffset = Math.min(toOffset, fromOffset + RECORD_BYTES_MAX);
  let offset = fromOffset;
  while (offset < endOffset) {
    const found = await readPiece(log, offset, endOffset - offset);
    pieces.push(Buffer.from(found.bytes));
    offset += found.bytes.length;
    found.release();
  }
  return Buffer.concat(pieces);
}

const readPiece = (log: SourceLog, offset: number, bytesMax: number): Promise<LogBytes> =>
  new Promise((resolve, reject) => {
    log.read(offset, bytesMax, (found, error) => {
      if (found) resolve(found);
      else reject(error ?? new RangeError(`offset ${offset} is not in the log`));
    });
  });
