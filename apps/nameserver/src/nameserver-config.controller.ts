import { Controller, Inject } from '@nestjs/common';
import {
  ConfigError,
  ConfigUpdates,
  javaProperties,
  LoadedConfig,
  PropertiesSyntaxError,
} from '@rocketmq-ts/config';
import type { Logger } from '@rocketmq-ts/kernel';
import { Handles, type RemotingRequest } from '@rocketmq-ts/nest-remoting';
import {
  GetNamesrvConfig,
  ResponseCode,
  type Sent,
  UpdateNamesrvConfig,
} from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { PeerAccess } from './peer-access.js';
import { LOGGER } from './seams.js';

/**
 * Settings over the wire. Apache refuses a list of keys; here only keys that are marked as reloadable can be changed,
 * and no path is (CVE-2023-37582).
 * Source: rocketmq 5.5.0 `DefaultRequestProcessor#updateConfig`, `#getConfig`.
 */
@Controller()
export class NameserverConfigController {
  constructor(
    private readonly config: LoadedConfig,
    private readonly updates: ConfigUpdates,
    private readonly access: PeerAccess,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Handles(GetNamesrvConfig)
  get({
    connection,
  }: RemotingRequest<typeof GetNamesrvConfig>): Sent<typeof GetNamesrvConfig.response> {
    this.access.requireAdmin(connection);
    return { header: {}, body: javaProperties(this.config) };
  }

  @Handles(UpdateNamesrvConfig)
  async update({
    body,
    connection,
  }: RemotingRequest<typeof UpdateNamesrvConfig>): Promise<
    Sent<typeof UpdateNamesrvConfig.response>
  > {
    this.access.requireAdmin(connection);
    const peer = connection.remoteHostPort;
    try {
      const changed = await this.updates.apply(body, `update by ${peer}`);
      for (const setting of changed)
        this.logger.info('setting changed', { setting, value: this.config.textOf(setting), peer });
      return { header: {}, body: null };
    } catch (error) {
      throw refusalOf(error);
    }
  }
}

/** Apache answers NO_PERMISSION for keys that may not be changed; values that do not fit it takes in silence. */
function refusalOf(error: unknown): unknown {
  if (error instanceof PropertiesSyntaxError)
    return new ResponseError(ResponseCode.INVALID_PARAMETER, error.message);
  if (!(error instanceof ConfigError)) return error;
  const fixed = error.problems.some(({ why }) => why.startsWith('is fixed'));
  const code = fixed ? ResponseCode.NO_PERMISSION : ResponseCode.INVALID_PARAMETER;
  return new ResponseError(code, error.message);
}
