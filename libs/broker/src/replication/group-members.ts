import { GetBrokerMemberGroup } from '@rocketmq-ts/protocol';
import type { RemotingClient } from '@rocketmq-ts/remoting';
import { askRole } from './master-facts.js';
import type { RoleFacts } from './master-facts.js';

const CALL = { timeoutMs: 2_000 };

/** Another broker that takes messages under the name of this one. */
export interface OtherMaster {
  readonly address: string;
  /** Undefined: it answers, and is one of Apache's. */
  readonly facts: RoleFacts | undefined;
}

/** A group of brokers, as the nameservers know it. */
export interface BrokerGroup {
  readonly clusterName: string;
  readonly brokerName: string;
  /** Address of the one who asks; it is nobody else. */
  readonly ownAddress: string;
  readonly nameservers: readonly string[];
}

/** Addresses under which the nameservers know a master of this group, but for that of the one who asks. */
async function masterAddresses(client: RemotingClient, group: BrokerGroup): Promise<Set<string>> {
  const { clusterName, brokerName, ownAddress, nameservers } = group;
  const found = new Set<string>();
  const request = { header: { clusterName, brokerName }, body: null };
  await Promise.all(
    nameservers.map(async (nameserver) => {
      const answer = await client
        .call(nameserver, GetBrokerMemberGroup, request, CALL)
        .catch(() => undefined); // one that is away knows nothing that counts
      const address = answer?.body.brokerMemberGroup?.brokerAddrs.get(0);
      if (address !== undefined && address !== ownAddress) found.add(address);
    }),
  );
  return found;
}

/**
 * Masters of a group that answer, but for the one who asks. Never throws: who does not answer is not there.
 * @param more addresses at which one may be, beside those that the nameservers know
 */
export async function livingMasters(
  client: RemotingClient,
  group: BrokerGroup,
  more: readonly (string | undefined)[] = [],
): Promise<OtherMaster[]> {
  const addresses = await masterAddresses(client, group);
  for (const address of more)
    if (address !== undefined && address !== group.ownAddress) addresses.add(address);
  const answers = await Promise.all(
    [...addresses].map(async (address): Promise<OtherMaster | undefined> => {
      try {
        const facts = await askRole(client, address, CALL.timeoutMs);
        const other = facts && (facts.brokerName !== group.brokerName || facts.role === 'SLAVE');
        return other ? undefined : { address, facts };
      } catch {
        return undefined;
      }
    }),
  );
  return answers.filter((answer) => answer !== undefined);
}
