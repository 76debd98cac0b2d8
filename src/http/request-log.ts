import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import type { CacheHit, ForwardReason } from '../cache/index.ts';
import type { PreparedOperation } from '../operations/index.ts';

/** A client may choose a longer name for its operation. */
const MAX_NAME_LENGTH = 100;

/** The part of a request's log line that is about its operation. */
export interface OperationLog {
  /** The operation's name, or those of a batch, separated by commas. */
  operation: string | undefined;
  /** In cost units. */
  cost: number | undefined;
  /** The source of the answer, in the words of RFC 9211. */
  cacheStatus: CacheHit['status'] | ForwardReason | undefined;
  /** The codes in the answer, or in the execution that a stored answer stands in for. */
  errorCodes: string[] | undefined;
  /** The number of errors in an answer that was executed or stored. */
  failedParts: number | undefined;
}

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

/** Notes the errors of an executed answer, which has one for each part that failed. */
export function logFailedParts(operationLog: OperationLog | null, codes: readonly string[]): void {
  if (!operationLog) return;
  const { errorCodes = [], failedParts = 0 } = operationLog;
  if (codes.length > 0) operationLog.errorCodes = [...new Set([...errorCodes, ...codes])];
  operationLog.failedParts = failedParts + codes.length;
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
