import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import { ResponseCode } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { type Observable, throwError } from 'rxjs';

/** What Nest throws for a guard that said no, and how it words it. */
const GUARD_REFUSED = 'Forbidden resource';

/**
 * Lets errors reach `RemotingStrategy` as they were thrown; `errorResponse` turns them into answers there. Without it
 * Nest replaces every error by a text of its own: an application that uses the strategy must install it
 * (`app.useGlobalFilters(new RemotingExceptionFilter())`, or per controller with `@UseFilters`).
 */
@Catch()
export class RemotingExceptionFilter implements ExceptionFilter {
  /** @throws the error itself where it is none of ours: other transports have their own filters. */
  catch(error: unknown, host: ArgumentsHost): Observable<never> {
    if (host.getType() !== 'rpc') throw error;
    const refused = error instanceof RpcException && error.message === GUARD_REFUSED;
    const passed = refused ? new ResponseError(ResponseCode.NO_PERMISSION, 'no permission') : error;
    return throwError(() => passed);
  }
}
