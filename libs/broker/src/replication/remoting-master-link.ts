import { describeError } from '@rocketmq-ts/kernel';
import {
  codec,
  GetBrokerConfig,
  LogChecksum,
  OpenReplication,
  ResponseCode,
  ViewMessageById,
} from '@rocketmq-ts/protocol';
import { responseError, ResponseError } from '@rocketmq-ts/remoting';
import type { RemotingClient } from '@rocketmq-ts/remoting';
import type {
  MasterLink,
  MasterLogDescription,
  ReplicationOffer,
  ReplicationRequest,
} from '@rocketmq-ts/replication';
import type { BrokerIdentity } from '../broker-identity.js';
import { askLogBounds } from './master-facts.js';
import type { MasterWhereabouts } from './master-whereabouts.js';

const CALL = { timeoutMs: 5_000 };
/** Apache's name of the size of log files. */
const SEGMENT_SIZE = /^mappedFileSizeCommitLog=(\d+)$/m;

/** Asks the master of a slave over its main port. */
export class RemotingMasterLink implements MasterLink {
  constructor(
    private readonly client: RemotingClient,
    private readonly whereabouts: MasterWhereabouts,
    private readonly identity: BrokerIdentity,
  ) {}

  async openReplication(request: ReplicationRequest): Promise<ReplicationOffer | undefined> {
    const { clusterName, brokerName } = this.identity;
    const { address: brokerAddr, ...rest } = request;
    const message = { header: { clusterName, brokerName, brokerAddr, ...rest }, body: null };
    const frame = await this.client.exchange(this.address, OpenReplication, message, CALL);
    if (frame.code === ResponseCode.REQUEST_CODE_NOT_SUPPORTED) return undefined;
    if (frame.code !== ResponseCode.SUCCESS) throw responseError(OpenReplication, frame);
    return codec(OpenReplication).decodeResponse(frame.ext(), frame.body).header;
  }

  async checksum(fromOffset: number, toOffset: number): Promise<number | undefined> {
    const request = { header: { fromOffset, toOffset }, body: null };
    return (await this.client.call(this.address, LogChecksum, request, CALL)).header.crc32;
  }

  async describe(): Promise<MasterLogDescription> {
    return this.asApache('where its log begins and ends', () => this.describeOnce(this.address));
  }

  private async describeOnce(address: string): Promise<MasterLogDescription> {
    const bounds = await askLogBounds(this.client, address);
    const request = { header: {}, body: null };
    const { body } = await this.client.call(address, GetBrokerConfig, request, CALL);
    const segmentSizeBytes = Number(SEGMENT_SIZE.exec(body)?.[1] ?? NaN);
    if (!Number.isSafeInteger(segmentSizeBytes))
      throw new Error(`the master ${address} does not say how long its log files are`);
    return { segmentSizeBytes, minOffset: bounds.minOffset, writtenOffset: bounds.maxOffset };
  }

  async recordAt(commitLogOffset: number): Promise<Buffer | undefined> {
    const request = { header: { commitLogOffset }, body: null };
    return this.asApache(`what record it has at ${commitLogOffset}`, async () => {
      try {
        const { body } = await this.client.call(this.address, ViewMessageById, request, CALL);
        return Buffer.from(body);
      } catch (error) {
        const none =
          error instanceof ResponseError && error.responseCode === ResponseCode.SYSTEM_ERROR;
        if (none) return undefined;
        throw error;
      }
    });
  }

  /** @throws Error with a sentence that operators understand. */
  private async asApache<T>(what: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw new Error(
        `the master ${this.address} is one of Apache's, and does not say ${what}: ${describeError(error)}`,
        { cause: error },
      );
    }
  }

  /** @throws Error nobody knows where the master is. */
  private get address(): string {
    const { address } = this.whereabouts;
    if (address === undefined) throw new Error('the address of the master is not known');
    return address;
  }
}
