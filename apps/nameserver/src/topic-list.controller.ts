import { Controller, Inject } from '@nestjs/common';
import { NameserverConfig } from '@rocketmq-ts/config';
import type { Logger } from '@rocketmq-ts/kernel';
import { Handles, type RemotingRequest } from '@rocketmq-ts/nest-remoting';
import {
  DeleteTopicInNamesrv,
  GetAllTopicListFromNameserver,
  GetHasUnitSubTopicList,
  GetHasUnitSubUnunitTopicList,
  GetSystemTopicListFromNs,
  GetTopicsByCluster,
  GetUnitTopicList,
  ResponseCode,
  type Sent,
  type TopicList,
} from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { PeerAccess } from './peer-access.js';
import { Routes } from './routes.js';
import { LOGGER } from './seams.js';

type ListAnswer = Sent<typeof GetAllTopicListFromNameserver.response>;

const answer = (body: TopicList): ListAnswer => ({ header: {}, body });

/** Topics by name. Source: rocketmq 5.5.0 `DefaultRequestProcessor`. */
@Controller()
export class TopicListController {
  constructor(
    private readonly routes: Routes,
    private readonly config: NameserverConfig,
    private readonly access: PeerAccess,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Handles(GetAllTopicListFromNameserver)
  all(_request: RemotingRequest<typeof GetAllTopicListFromNameserver>): ListAnswer {
    requireEnabled(this.config.enableAllTopicList);
    return answer(this.routes.topicList());
  }

  @Handles(GetTopicsByCluster)
  ofCluster({ header }: RemotingRequest<typeof GetTopicsByCluster>): ListAnswer {
    requireEnabled(this.config.enableTopicList);
    return answer(this.routes.topicsOfCluster(header.cluster));
  }

  @Handles(GetSystemTopicListFromNs)
  system(_request: RemotingRequest<typeof GetSystemTopicListFromNs>): ListAnswer {
    return answer(this.routes.systemTopicList());
  }

  @Handles(GetUnitTopicList)
  unit(_request: RemotingRequest<typeof GetUnitTopicList>): ListAnswer {
    requireEnabled(this.config.enableTopicList);
    return answer(this.routes.unitTopics());
  }

  @Handles(GetHasUnitSubTopicList)
  unitSub(_request: RemotingRequest<typeof GetHasUnitSubTopicList>): ListAnswer {
    requireEnabled(this.config.enableTopicList);
    return answer(this.routes.unitSubTopics());
  }

  @Handles(GetHasUnitSubUnunitTopicList)
  unitSubNotUnit(_request: RemotingRequest<typeof GetHasUnitSubUnunitTopicList>): ListAnswer {
    requireEnabled(this.config.enableTopicList);
    return answer(this.routes.unitSubNotUnitTopics());
  }

  @Handles(DeleteTopicInNamesrv)
  delete({
    header,
    connection,
  }: RemotingRequest<typeof DeleteTopicInNamesrv>): Sent<typeof DeleteTopicInNamesrv.response> {
    this.access.requireAdmin(connection);
    const cluster = header.clusterName === '' ? undefined : header.clusterName;
    if (this.routes.deleteTopic(header.topic, cluster))
      this.logger.info('topic deleted from routes', {
        topic: header.topic,
        cluster,
        peer: connection.remoteHostPort,
      });
    return { header: {}, body: null };
  }
}

/** @throws {ResponseError} as Apache words it. */
function requireEnabled(enabled: boolean): void {
  if (!enabled) throw new ResponseError(ResponseCode.SYSTEM_ERROR, 'disable');
}
