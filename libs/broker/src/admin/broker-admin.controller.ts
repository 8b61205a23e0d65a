import { Controller } from '@nestjs/common';
import { ConfigError, ConfigUpdates, LoadedConfig, javaProperties } from '@rocketmq-ts/config';
import { describeError } from '@rocketmq-ts/kernel';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import {
  GetBrokerConfig,
  GetBrokerRuntimeInfo,
  ResponseCode,
  UpdateBrokerConfig,
} from '@rocketmq-ts/protocol';
import type { Sent } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { NOTHING_TO_SAY } from '../answers.js';
import { NameserverRegistration } from '../registration/nameserver-registration.js';
import { AdminGate } from './admin-gate.js';
import { ConfigVersion } from './config-version.js';
import { RuntimeInfo } from './runtime-info.js';

/** Shows and changes the broker itself. Source: rocketmq 5.5.0 `AdminBrokerProcessor`. */
@Controller()
export class BrokerAdminController {
  constructor(
    private readonly config: LoadedConfig,
    private readonly updates: ConfigUpdates,
    private readonly version: ConfigVersion,
    private readonly runtimeInfo: RuntimeInfo,
    private readonly registration: NameserverRegistration,
    private readonly gate: AdminGate,
  ) {}

  @Handles(GetBrokerRuntimeInfo)
  async getRuntimeInfo(): Promise<Sent<typeof GetBrokerRuntimeInfo.response>> {
    return { header: {}, body: { table: await this.runtimeInfo.table() } };
  }

  @Handles(GetBrokerConfig)
  getConfig(): Sent<typeof GetBrokerConfig.response> {
    return { header: { version: this.version.text() }, body: javaProperties(this.config) };
  }

  @Handles(UpdateBrokerConfig)
  async updateConfig({
    body,
    connection,
  }: RemotingRequest<typeof UpdateBrokerConfig>): Promise<
    Sent<typeof UpdateBrokerConfig.response>
  > {
    this.gate.check(connection);
    const changed = await this.updates
      .apply(body, `UPDATE_BROKER_CONFIG from ${connection.remoteHostPort}`)
      .catch((error: unknown) => {
        // Apache says so of keys that it does not let anybody change.
        const code =
          error instanceof ConfigError ? ResponseCode.NO_PERMISSION : ResponseCode.SYSTEM_ERROR;
        throw new ResponseError(code, `Can not update config: ${describeError(error)}`);
      });
    if (changed.length > 0) this.version.next();
    // The nameservers show what clients may do.
    if (changed.includes('brokerPermission')) await this.registration.tellAll();
    return NOTHING_TO_SAY;
  }
}
