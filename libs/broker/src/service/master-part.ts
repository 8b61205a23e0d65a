import {
  BrokerConfig,
  formatHostPort,
  parseHostPorts,
  ReplicationConfig,
  RoleMarkerFile,
} from '@rocketmq-ts/config';
import type { LifecyclePart } from '@rocketmq-ts/kernel';
import { StartError } from '@rocketmq-ts/nest-service';
import { ConsumerOffsetWrapper } from '@rocketmq-ts/protocol';
import { ConfigFolder } from '../metadata/config-folder.js';
import { configText } from '../metadata/metadata-file.js';
import { NameserverRegistration } from '../registration/nameserver-registration.js';
import { EpochWatch } from '../replication/epoch-watch.js';
import type { OtherMaster } from '../replication/group-members.js';
import { MasterReplication } from '../replication/master-replication.js';
import type { BrokerGround } from './broker-ground.js';
import { storePathOf } from './broker-service.js';

const STOP_MS = 2_000;
/** Nothing but reading. */
const READ_ONLY = 4;

/** A master's part in replication, and its guard against a master that took its place. */
export class MasterPart {
  private started: MasterReplication | undefined;
  private epoch = 0;

  /** @param endWork ends what writes by itself: called when another master has taken this one's place */
  constructor(
    private readonly ground: BrokerGround,
    private readonly endWork: () => void,
  ) {}

  /** @throws Error before the store is open. */
  get replication(): MasterReplication {
    this.started ??= this.build();
    return this.started;
  }

  /** Before everything else: whether this broker may be master at all. */
  epochPart(): LifecyclePart {
    const { config, seams } = this.ground.surroundings;
    return {
      name: 'epoch',
      stopDeadlineMs: STOP_MS,
      start: async () => {
        const marker = await new RoleMarkerFile(seams.disk, storePathOf(config)).load();
        this.epoch = marker?.epoch ?? 0;
        const successor = await this.watch.findSuccessor();
        if (successor) throw new StartError(this.takenPlace(successor));
        await this.forgetOwnCommits();
      },
      stop: () => undefined,
    };
  }

  /** The port for slaves: open before clients come, closed when all is written. */
  slavesPart(): LifecyclePart {
    return {
      name: 'replication',
      stopDeadlineMs: STOP_MS,
      start: () => this.replication.start(),
      stop: () => this.replication.stop(),
    };
  }

  /** Looks from time to time who else is master; after the registration. */
  watchPart(): LifecyclePart {
    return {
      name: 'epoch watch',
      stopDeadlineMs: STOP_MS,
      start: () => this.watch.start(),
      stop: () => this.watch.stop(),
    };
  }

  /** From when this broker was a slave; its table has them. Were it a slave again, they would undo what happened since. */
  private async forgetOwnCommits(): Promise<void> {
    const { config, seams } = this.ground.surroundings;
    const { ownCommits } = new ConfigFolder(seams.disk, seams.logger, storePathOf(config));
    const saved = await ownCommits.load();
    const none = { offsetTable: new Map() };
    if (saved && saved.offsetTable.size > 0)
      await ownCommits.save(() => configText(ConsumerOffsetWrapper, none));
  }

  private build(): MasterReplication {
    const { surroundings, addresses, store, readiness } = this.ground;
    const { config, seams } = surroundings;
    const replication = new MasterReplication({
      ...seams,
      config: config.get(ReplicationConfig),
      broker: config.get(BrokerConfig),
      identity: addresses.identity,
      store,
      listenAt: { host: addresses.listeners[0]!.host, port: addresses.haPort },
      epoch: this.epoch,
    });
    readiness.note('replication', () => replication.shortfall);
    return replication;
  }

  private get watch(): EpochWatch {
    this.builtWatch ??= this.buildWatch();
    return this.builtWatch;
  }
  private builtWatch: EpochWatch | undefined;

  private buildWatch(): EpochWatch {
    const { surroundings, addresses, client } = this.ground;
    const { clusterName, brokerName, address: ownAddress } = addresses.identity;
    const { namesrvAddr } = surroundings.config.get(BrokerConfig);
    const nameservers = parseHostPorts(namesrvAddr).map(formatHostPort);
    return new EpochWatch({
      ...surroundings.seams,
      client,
      group: { clusterName, brokerName, ownAddress, nameservers },
      epoch: this.epoch,
      onDisplaced: () => void this.ground.get(NameserverRegistration).tellAll(),
      onOutdated: (by) => this.giveUp(by),
    });
  }

  /** Takes no message any more, and tells the nameservers nothing: clients are to find the other one. */
  private giveUp(by: OtherMaster): void {
    const { surroundings, readiness, store } = this.ground;
    const reason = this.takenPlace(by);
    surroundings.seams.logger.error(`${reason} It takes no messages any more`);
    // The permission alone would not do: as Apache's it concerns ordered topics, and clients know the old route for a while.
    store.refuseMessages(reason);
    surroundings.config.get(BrokerConfig).brokerPermission = READ_ONLY;
    readiness.add('epoch', () => reason);
    this.endWork();
    void this.ground.get(NameserverRegistration).stop();
  }

  private takenPlace({ address, facts }: OtherMaster): string {
    const { brokerName } = this.ground.addresses.identity;
    const path = new RoleMarkerFile(
      this.ground.surroundings.seams.disk,
      storePathOf(this.ground.surroundings.config),
    ).path;
    return (
      `${address} is the master of ${brokerName} since epoch ${facts?.epoch ?? 0}, this broker knows epoch ${this.epoch}: ` +
      `it must not be master beside it. Make it a slave: set brokerRole=SLAVE and a brokerId above 0, and remove ${path} if there is one.`
    );
  }
}
