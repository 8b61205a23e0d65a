import type { BrokerGroup, BrokerGroups } from './broker-groups.js';
import type { BrokerLiveness, LiveBroker } from './broker-liveness.js';
import { malformedPart, type BrokerRegistration, type RefusalReason } from './registration.js';
import type { RouteTableSettings } from './route-table-settings.js';
import type { TopicQueues } from './topic-queues.js';

/** What a nameserver knows when a registration comes. */
export interface KnownBrokers<C extends object> {
  readonly groups: BrokerGroups;
  readonly liveness: BrokerLiveness<C>;
  readonly topics: TopicQueues;
  readonly settings: RouteTableSettings;
}

/** Why a registration is not taken; `message` is for the broker. */
export interface RegistrationRefusal {
  readonly reason: RefusalReason;
  readonly message: string;
}

/** Decides about a registration. @returns undefined where it is taken. */
export function registrationRefusal<C extends object>(
  registration: BrokerRegistration<C>,
  known: KnownBrokers<C>,
  nowMs: number,
): RegistrationRefusal | undefined {
  const { clusterName, brokerName, brokerId, topics } = registration;
  const malformed = malformedPart(registration);
  if (malformed !== undefined) return { reason: 'MALFORMED', message: malformed };
  const group = known.groups.get(brokerName);
  if (group && group.clusterName !== clusterName)
    return {
      reason: 'NAME_IN_OTHER_CLUSTER',
      message: `${brokerName} belongs to cluster ${group.clusterName}`,
    };
  const taken = takenBy(registration, group, known, nowMs);
  if (taken) return taken;
  if (group?.members.get(brokerId) === undefined && topics.size === 1)
    return { reason: 'SINGLE_TOPIC_FIRST', message: 'register broker failed' };
  return overLimit(registration, known);
}

/** Apache lets the newest registration win; two brokers with one name and id would push each other out for ever. */
function takenBy<C extends object>(
  registration: BrokerRegistration<C>,
  group: BrokerGroup | undefined,
  { liveness, settings }: KnownBrokers<C>,
  nowMs: number,
): RegistrationRefusal | undefined {
  const { clusterName, brokerName, brokerId, brokerAddress } = registration;
  const fresh = (live: LiveBroker<C>): boolean =>
    live.connection !== registration.connection &&
    nowMs - live.lastHeardMs < settings.brokerTakeoverMs;

  const sameAddress = liveness.find(registration);
  if (sameAddress && sameAddress.brokerName !== brokerName && fresh(sameAddress))
    return {
      reason: 'ADDRESS_TAKEN',
      message: `${brokerAddress} is registered by ${sameAddress.brokerName} ${sameAddress.brokerId}, which is alive`,
    };
  const oldAddress = group?.members.get(brokerId);
  if (oldAddress === undefined || oldAddress === brokerAddress) return undefined;
  const old = liveness.find({ clusterName, brokerAddress: oldAddress });
  if (old && fresh(old))
    return {
      reason: 'ID_TAKEN',
      message: `${brokerName} ${brokerId} is registered from ${oldAddress}, which is alive`,
    };
  if (old && old.dataVersion.stateVersion > registration.dataVersion.stateVersion)
    return {
      reason: 'STALE_STATE_VERSION',
      message: `${brokerName} ${brokerId} is registered from ${oldAddress} with a newer state`,
    };
  return undefined;
}

function overLimit<C extends object>(
  registration: BrokerRegistration<C>,
  { liveness, topics: known, settings }: KnownBrokers<C>,
): RegistrationRefusal | undefined {
  const { brokerName, brokerAddress, topics } = registration;
  if (liveness.find(registration) === undefined && liveness.size >= settings.brokerCountMax)
    return {
      reason: 'TOO_MANY_BROKERS',
      message: `${liveness.size} brokers are registered (brokerCountMax)`,
    };
  let entries = known.entryCount;
  for (const topic of topics.keys()) if (!known.has(topic, brokerName)) entries++;
  if (entries > settings.topicEntryCountMax)
    return {
      reason: 'TOO_MANY_TOPICS',
      message: `${brokerAddress} would bring the topic entries to ${entries}, at most ${settings.topicEntryCountMax} are kept (topicEntryCountMax)`,
    };
  return undefined;
}
