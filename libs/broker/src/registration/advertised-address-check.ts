import { describeError } from '@rocketmq-ts/kernel';
import type { Logger } from '@rocketmq-ts/kernel';
import { GetBrokerRuntimeInfo } from '@rocketmq-ts/protocol';
import type { RemotingClient } from '@rocketmq-ts/remoting';
import type { BrokerIdentity } from '../broker-identity.js';
import { PROCESS_MARK_KEY } from './process-mark.js';
import type { ProcessMark } from './process-mark.js';

const CHECK_TIMEOUT_MS = 3_000;

/** What the check found. */
export type AddressFinding = 'ok' | 'unreachable' | 'somebody else';

/**
 * Dials the address that clients are told and looks who answers. The most frequent fault of an installation is an address
 * that clients cannot reach; it shows here, in one line, instead of in every client.
 */
export class AdvertisedAddressCheck {
  constructor(
    private readonly logger: Logger,
    private readonly client: RemotingClient,
    private readonly identity: BrokerIdentity,
    private readonly mark: ProcessMark,
  ) {}

  /** Never throws: the broker runs on, and may be reachable from elsewhere. */
  async run(): Promise<AddressFinding> {
    const { address } = this.identity;
    try {
      const answer = await this.client.call(
        address,
        GetBrokerRuntimeInfo,
        { header: {}, body: null },
        { timeoutMs: CHECK_TIMEOUT_MS },
      );
      if (answer.body.table.get(PROCESS_MARK_KEY) === this.mark.text) return 'ok';
      this.logger.warn(
        'the advertised address leads to another server: clients that are told it would talk to that one; ' +
          'set advertisedHost (brokerIP1) or listenPort of one of the two',
        { advertised: address },
      );
      return 'somebody else';
    } catch (error) {
      this.logger.warn(
        'the advertised address cannot be reached from this machine, so clients most likely cannot either; ' +
          'set advertisedHost (brokerIP1) to an address that leads here, or advertised=<listener>:<host>:<port> where a port is mapped',
        { advertised: address, reason: describeError(error) },
      );
      return 'unreachable';
    }
  }
}
