import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import { createOperationLog, type OperationLog } from '../telemetry/operation-log.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null if the request is not logged, and until it is first used. */
    operationLog: OperationLog | null;
  }
}

/** Writes one log line for each request, when its response has been sent. */
export class RequestLog extends LogController {
  override incomingRequest(): void {
    // The line at the end has everything.
  }

  override requestCompleted(
    error: Error | null | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    const { log, operationLog } = request;
    if (!error && !logsRequests(log)) return;
    const line = { req: request, res: reply, responseTime: reply.elapsedTime, ...operationLog };
    if (error) log.error({ ...line, err: error }, 'request broken off');
    else log.info(line, 'request completed');
  }
}

/** Adds `request.operationLog`. */
export function addOperationLog(app: FastifyInstance): void {
  app.decorateRequest('operationLog', null);
}

/** Adds the code of the error that ends a request. */
export function logRefusal(request: FastifyRequest, code: string): void {
  const log = operationLogOf(request);
  if (log) log.errorCodes = [code];
}

/** @returns null if requests are not logged, so that nothing is allocated */
export function operationLogOf(request: FastifyRequest): OperationLog | null {
  if (!logsRequests(request.log)) return null;
  request.operationLog ??= createOperationLog();
  return request.operationLog;
}

const logsRequests = (log: FastifyBaseLogger): boolean =>
  (log as Partial<Logger>).isLevelEnabled?.('info') ?? false;
