// Compiled with everything else, never run: each `@ts-expect-error` fails the type check should the line below it compile.
import type { GetMaxOffset as GetMaxOffsetCommand } from '@rocketmq-ts/protocol';
import { GetMaxOffset, GetMinOffset } from '@rocketmq-ts/protocol';
import { Handles, type RemotingRequest } from '../src/handles.decorator.js';

type MaxOffsetRequest = RemotingRequest<typeof GetMaxOffsetCommand>;

export class RightHandlers {
  @Handles(GetMaxOffset)
  answers({ header }: MaxOffsetRequest): { header: { offset: number }; body: null } {
    return { header: { offset: header.queueId }, body: null };
  }

  @Handles(GetMinOffset)
  async answersLater(): Promise<{ header: { offset: number }; body: null }> {
    return { header: { offset: 1 }, body: null };
  }
}

export class WrongHandlers {
  // @ts-expect-error the answer's offset is a number
  @Handles(GetMaxOffset)
  answersText(): { header: { offset: string }; body: null } {
    return { header: { offset: '1' }, body: null };
  }

  // @ts-expect-error the answer has no field `position`
  @Handles(GetMaxOffset)
  answersAnotherField(): { header: { position: number }; body: null } {
    return { header: { position: 1 }, body: null };
  }

  // @ts-expect-error the request has no field `group`
  @Handles(GetMaxOffset)
  wantsAnotherField({ header }: { header: { group: string } }): {
    header: { offset: number };
    body: null;
  } {
    return { header: { offset: header.group.length }, body: null };
  }

  // @ts-expect-error queueId is a number
  @Handles(GetMaxOffset)
  wantsAnotherType({ header }: { header: { queueId: string } }): {
    header: { offset: number };
    body: null;
  } {
    return { header: { offset: header.queueId.length }, body: null };
  }

  // @ts-expect-error a handler answers
  @Handles(GetMaxOffset)
  answersNothing(): void {}

  // @ts-expect-error a handler gets one argument
  @Handles(GetMaxOffset)
  wantsTwoArguments(
    _request: MaxOffsetRequest,
    _context: object,
  ): { header: { offset: number }; body: null } {
    return { header: { offset: 1 }, body: null };
  }
}
