import {
  BrokerConfig,
  formatHostPort,
  parseHostPorts,
  ReplicationConfig,
  RoleMarkerFile,
} from '@rocketmq-ts/config';
import type { LifecyclePart } from '@rocketmq-ts/kernel';
import { StartError } from '@rocketmq-ts/nest-service';
import type { ReplicaRepair } from '@rocketmq-ts/replication';
import { cutStore, wipeStore } from '@rocketmq-ts/storage';
import { Arrivals } from '../arrivals.js';
import { MetadataSync } from '../metadata-sync/metadata-sync.js';
import { ResyncOrder } from '../replication/resync-order.js';
import { refuseWrites } from '../replication/slave-refusals.js';
import { SlaveReplication } from '../replication/slave-replication.js';
import { QUICK_STOP_MS } from './broker-ground.js';
import type { BrokerGround } from './broker-ground.js';
import { storePathOf } from './broker-service.js';

/** What a slave does that needs another process, or this one anew. */
export interface SlaveSuccession {
  /** Stops the slave and starts the broker in its place. */
  readonly becomeMaster: () => void;
  /** Stops the slave and starts it anew. */
  readonly restart: () => void;
}

/** A slave's part in replication. */
export class SlavePart {
  private started: SlaveReplication | undefined;
  private epoch = 0;
  private readonly marker: RoleMarkerFile;
  private readonly order: ResyncOrder;

  constructor(
    private readonly ground: BrokerGround,
    private readonly succession: SlaveSuccession,
  ) {
    const { config, seams } = ground.surroundings;
    this.marker = new RoleMarkerFile(seams.disk, storePathOf(config));
    this.order = new ResyncOrder(seams.disk, storePathOf(config));
    refuseWrites(ground.server, ground.addresses.identity.advertisedHost);
  }

  /** @throws Error before the store is open. */
  get replication(): SlaveReplication {
    this.started ??= this.build();
    return this.started;
  }

  /** Before the store is opened: brings its log in line where that was found to be needed. */
  repairPart(): LifecyclePart {
    const { config, seams } = this.ground.surroundings;
    return {
      name: 'repair',
      stopDeadlineMs: QUICK_STOP_MS,
      start: async () => {
        this.checkConfig();
        this.epoch = (await this.marker.load())?.epoch ?? 0;
        await this.order.carryOut(seams.logger, async (order) => {
          const options = this.ground.storeOptions();
          if (order.action === 'wipe') await wipeStore(seams, options);
          else await cutStore(seams, options, order.offset);
          seams.logger.warn('the log is in line', { store: storePathOf(config) });
        });
      },
      stop: () => undefined,
    };
  }

  /** Keeps the tables those of the master. */
  tablesPart(): LifecyclePart {
    return {
      name: 'metadata-sync',
      stopDeadlineMs: QUICK_STOP_MS,
      start: () => {
        const sync = this.ground.get(MetadataSync);
        this.ground.get(Arrivals).on(({ topic }) => sync.noteArrival(topic));
        sync.start();
      },
      stop: () => this.ground.get(MetadataSync).stop(),
    };
  }

  /** Copies the log. */
  copyingPart(): LifecyclePart {
    return {
      name: 'replication',
      stopDeadlineMs: QUICK_STOP_MS,
      start: () => this.replication.start(),
      stop: () => this.replication.stop(),
    };
  }

  /** @throws {StartError} the master cannot be found. */
  private checkConfig(): void {
    const { config } = this.ground.surroundings;
    const { brokerRole, namesrvAddr } = config.get(BrokerConfig);
    const { masterAddress, haMasterAddress } = config.get(ReplicationConfig);
    if (brokerRole !== 'SLAVE')
      throw new StartError(
        `brokerRole=${brokerRole} is no slave: mqbroker starts masters, and slaves as well`,
      );
    if (namesrvAddr === '' && (masterAddress === '' || haMasterAddress === ''))
      throw new StartError(
        'a slave finds its master through namesrvAddr, or through masterAddress and haMasterAddress; none of them is set',
      );
  }

  private build(): SlaveReplication {
    const { surroundings, addresses, store, client, whereabouts, readiness } = this.ground;
    const { config, seams } = surroundings;
    const broker = config.get(BrokerConfig);
    const sync = (): MetadataSync => this.ground.get(MetadataSync);
    const replication = new SlaveReplication({
      ...seams,
      config: config.get(ReplicationConfig),
      identity: addresses.identity,
      store,
      client,
      whereabouts,
      nameservers: parseHostPorts(broker.namesrvAddr).map(formatHostPort),
      marker: this.marker,
      epoch: this.epoch,
      messageBytesMax: Math.max(broker.messageBytesMax, RECORD_BODY_BYTES),
      tables: () => ({ masterLog: sync().masterLog, ageMs: sync().ageMs }),
      onMaster: () => sync().hurry(),
      becomeMaster: this.succession.becomeMaster,
      onRepair: (repair) => void this.repair(repair),
    });
    readiness.add('replication', () => replication.trouble);
    readiness.note('replication', () => replication.note);
    // What the master still has is needed there: a timed message may wait in it.
    store.keepNeeded(() => sync().masterLog?.minOffset ?? 0);
    return replication;
  }

  private async repair(repair: ReplicaRepair): Promise<void> {
    await this.order.give(
      repair.kind === 'RESEED' ? { action: 'wipe' } : { action: 'cut', offset: repair.offset },
    );
    this.succession.restart();
  }
}

/** The master may take longer messages than this slave is configured for. */
const RECORD_BODY_BYTES = 32 * 1_048_576;
