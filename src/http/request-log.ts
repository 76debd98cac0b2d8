import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import type { PreparedOperation } from '../operations/index.ts';
import type { OperationLog } from '../telemetry/operation-log.ts';

/** A client may choose a longer name for its operation. */
const MAX_NAME_LENGTH = 100;

declare module 'fastify' {
  interface FastifyRequest {
    /** Null until there is something to log, and where requests are not logged. */
    operationLog: OperationLog | null;
  }
}

/** One line in the log for each request, when it is answered. */
export class RequestLog extends LogController {
  override incomingRequest(): void {
    // What comes of it says what came.
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

/** Gives each request room for an OperationLog. */
export function addOperationLog(app: FastifyInstance): void {
  app.decorateRequest('operationLog', null);
}

/** Notes an operation of a request and what it costs. */
export function logOperation(request: FastifyRequest, prepared: PreparedOperation): void {
  const log = operationLogOf(request);
  if (!log) return;
  const name = prepared.definition.name?.value.slice(0, MAX_NAME_LENGTH);
  log.operation = log.operation && name ? `${log.operation},${name}` : (log.operation ?? name);
  log.cost = (log.cost ?? 0) + prepared.cost;
}

/** Notes that a request is refused. */
export function logRefusal(request: FastifyRequest, code: string): void {
  const log = operationLogOf(request);
  if (log) log.errorCodes = [code];
}

/** @returns null where requests are not logged: nothing is allocated then */
function operationLogOf(request: FastifyRequest): OperationLog | null {
  if (!logsRequests(request.log)) return null;
  request.operationLog ??= {
    operation: undefined,
    cost: undefined,
    cacheStatus: undefined,
    errorCodes: undefined,
    failedParts: undefined,
  };
  return request.operationLog;
}

const logsRequests = (log: FastifyBaseLogger): boolean =>
  (log as Partial<Logger>).isLevelEnabled?.('info') ?? false;
