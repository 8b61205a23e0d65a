import { Controller, Inject } from '@nestjs/common';
import { describeError, type Logger } from '@rocketmq-ts/kernel';
import { Handles, type RemotingRequest } from '@rocketmq-ts/nest-remoting';
import {
  DeleteKvConfig,
  GetKvConfig,
  GetKvlistByNamespace,
  PutKvConfig,
  ResponseCode,
  type Sent,
} from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { KvConfig, type KvRefusal } from '@rocketmq-ts/routing';
import { KvConfigStore } from './kv-config.store.js';
import { PeerAccess } from './peer-access.js';
import { LOGGER } from './seams.js';

const NOTHING: Sent<typeof PutKvConfig.response> = { header: {}, body: null };

const REFUSALS: Readonly<Record<KvRefusal, string>> = {
  TOO_LONG: 'namespace and key may have 255 characters, the value 65536',
  TOO_MANY_ENTRIES: 'there are as many entries as may be kept (kvEntryCountMax)',
};

/** Key-value entries. Source: rocketmq 5.5.0 `DefaultRequestProcessor`, `KVConfigManager`. */
@Controller()
export class KvConfigController {
  constructor(
    private readonly entries: KvConfig,
    private readonly store: KvConfigStore,
    private readonly access: PeerAccess,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Handles(PutKvConfig)
  async put({
    header,
    connection,
  }: RemotingRequest<typeof PutKvConfig>): Promise<Sent<typeof PutKvConfig.response>> {
    this.access.requireAdmin(connection);
    const { namespace, key, value } = header;
    const refusal = this.entries.put(namespace, key, value);
    if (refusal) throw new ResponseError(ResponseCode.SYSTEM_ERROR, REFUSALS[refusal]);
    this.logger.info('key-value entry put', { namespace, key, peer: connection.remoteHostPort });
    await this.save();
    return NOTHING;
  }

  @Handles(DeleteKvConfig)
  async delete({
    header,
    connection,
  }: RemotingRequest<typeof DeleteKvConfig>): Promise<Sent<typeof DeleteKvConfig.response>> {
    this.access.requireAdmin(connection);
    const { namespace, key } = header;
    if (!this.entries.delete(namespace, key)) return NOTHING;
    this.logger.info('key-value entry deleted', {
      namespace,
      key,
      peer: connection.remoteHostPort,
    });
    await this.save();
    return NOTHING;
  }

  @Handles(GetKvConfig)
  get({ header }: RemotingRequest<typeof GetKvConfig>): Sent<typeof GetKvConfig.response> {
    const { namespace, key } = header;
    const value = this.entries.get(namespace, key);
    if (value === undefined)
      throw new ResponseError(
        ResponseCode.QUERY_NOT_FOUND,
        `No config item, Namespace: ${namespace} Key: ${key}`,
      );
    return { header: { value }, body: null };
  }

  @Handles(GetKvlistByNamespace)
  list({
    header,
  }: RemotingRequest<typeof GetKvlistByNamespace>): Sent<typeof GetKvlistByNamespace.response> {
    const table = this.entries.list(header.namespace);
    if (!table)
      throw new ResponseError(
        ResponseCode.QUERY_NOT_FOUND,
        `No config item, Namespace: ${header.namespace}`,
      );
    return { header: {}, body: { table: new Map(table) } };
  }

  /** Apache answers success although the file was not written; an entry that a restart forgets is none. */
  private async save(): Promise<void> {
    try {
      await this.store.save();
    } catch (error) {
      this.logger.error('key-value entries not saved', { reason: describeError(error) });
      throw new ResponseError(
        ResponseCode.SYSTEM_ERROR,
        `in effect until a restart, but not saved: ${describeError(error)}`,
      );
    }
  }
}
