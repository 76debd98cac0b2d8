/** The part of a request's log line that is about its operation. */
export interface OperationLog {
  /** The operation's name, or those of a batch, separated by commas. */
  operation: string | undefined;
  /** In cost units. */
  cost: number | undefined;
  /** The source of the response, in the terms of RFC 9211. */
  cacheStatus: string | undefined;
  /** The codes in the response, or in the execution that a stored response takes the place of. */
  errorCodes: readonly string[] | undefined;
  /** The number of errors in the response of an operation that was executed or stored. */
  failedParts: number | undefined;
}

/** Clients choose the names of their operations. */
const MAX_NAME_LENGTH = 100;

export const createOperationLog = (): OperationLog => ({
  operation: undefined,
  cost: undefined,
  cacheStatus: undefined,
  errorCodes: undefined,
  failedParts: undefined,
});

/** Adds an operation and its cost, in cost units. */
export function logOperation(log: OperationLog | null, name: string | undefined, cost: number) {
  if (!log) return;
  const shortName = name?.slice(0, MAX_NAME_LENGTH);
  log.operation = [log.operation, shortName].filter(Boolean).join(',') || undefined;
  log.cost = (log.cost ?? 0) + cost;
}

interface Outcome {
  readonly cacheStatus: string;
  readonly errorCodes: readonly string[];
  readonly failedParts: number;
}

/** Adds the outcome of the operations. */
export function logOutcome(log: OperationLog | null, outcome: Outcome): void {
  if (!log) return;
  const { cacheStatus, errorCodes, failedParts } = outcome;
  log.cacheStatus = cacheStatus;
  if (errorCodes.length > 0) log.errorCodes = [...new Set(errorCodes)];
  log.failedParts = failedParts;
}
