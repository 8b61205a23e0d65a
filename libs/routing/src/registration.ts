import type { DataVersion, TopicConfig } from '@rocketmq-ts/protocol';

/** A broker's registration, taken apart. `C` is the connection it came through. */
export interface BrokerRegistration<C> {
  readonly clusterName: string;
  readonly brokerName: string;
  /** 0 is the master. */
  readonly brokerId: number;
  /** `host:port` that clients are told. */
  readonly brokerAddress: string;
  readonly haServerAddress: string;
  readonly zoneName: string | undefined;
  /** Silence after which it counts as gone; undefined: the nameserver's default. */
  readonly expiryMs: number | undefined;
  /** Undefined: the broker is of a release that does not know acting masters. */
  readonly enableActingMaster: boolean | undefined;
  readonly dataVersion: DataVersion;
  readonly topics: ReadonlyMap<string, TopicConfig>;
  /** Further addresses by the name of the listener they belong to. */
  readonly advertised: ReadonlyMap<string, string>;
  readonly connection: C;
}

/** Why a registration is not taken. */
export type RefusalReason =
  | 'MALFORMED'
  | 'STALE_STATE_VERSION'
  | 'SINGLE_TOPIC_FIRST'
  | 'ADDRESS_TAKEN'
  | 'ID_TAKEN'
  | 'NAME_IN_OTHER_CLUSTER'
  | 'TOO_MANY_BROKERS'
  | 'TOO_MANY_TOPICS';

/** The member with the smallest id of a broker name is another one than before; `notify` are the members to be told. */
export interface MinBrokerIdChange {
  readonly brokerName: string;
  readonly minBrokerId: number;
  readonly minBrokerAddress: string;
  /** The member that left, if that is why. */
  readonly offlineBrokerAddress: string | undefined;
  readonly haBrokerAddress: string | undefined;
  readonly notify: readonly string[];
}

/** What became of a registration. */
export type RegistrationOutcome =
  | {
      readonly kind: 'registered';
      /** Whether this broker process was not registered before. */
      readonly isNew: boolean;
      /** For slaves: their master and its HA address, where there is one. */
      readonly masterAddress: string | undefined;
      readonly haServerAddress: string | undefined;
      readonly minIdChange: MinBrokerIdChange | undefined;
    }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly message: string };

/** Addresses are copied into routes, which some clients split at commas and colons: nothing else may be in them. */
const ADDRESS = /^[^\s,;"'\\{}]{1,255}:\d{1,5}$/;
const NAME = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{1,255}$/;

/** Whether text may be the name of a topic, broker or cluster in a route. */
export const isRoutableName = (text: string): boolean => NAME.test(text);

/** Says what is wrong with the parts of a registration that come as free text. */
export function malformedPart(registration: BrokerRegistration<unknown>): string | undefined {
  const { clusterName, brokerName, brokerAddress, haServerAddress, advertised } = registration;
  if (!isRoutableName(clusterName)) return 'clusterName is not a name';
  if (!isRoutableName(brokerName)) return 'brokerName is not a name';
  if (!ADDRESS.test(brokerAddress)) return 'brokerAddr is not host:port';
  if (haServerAddress !== '' && !ADDRESS.test(haServerAddress))
    return 'haServerAddr is not host:port';
  for (const [name, address] of advertised)
    if (!isRoutableName(name) || !ADDRESS.test(address)) return 'advertised is not name:host:port';
  return undefined;
}
