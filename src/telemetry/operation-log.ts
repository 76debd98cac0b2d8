/** The part of a request's log line that is about its operation. */
export interface OperationLog {
  /** The operation's name, or those of a batch, separated by commas. */
  operation: string | undefined;
  /** In cost units. */
  cost: number | undefined;
  /** The source of the answer, in the words of RFC 9211. */
  cacheStatus: string | undefined;
  /** The codes in the answer, or in the execution that a stored answer stands in for. */
  errorCodes: string[] | undefined;
  /** The number of errors in an answer that was executed or stored. */
  failedParts: number | undefined;
}

/** Notes the errors of an executed answer, which has one for each part that failed. */
export function logFailedParts(operationLog: OperationLog | null, codes: readonly string[]): void {
  if (!operationLog) return;
  const { errorCodes = [], failedParts = 0 } = operationLog;
  if (codes.length > 0) operationLog.errorCodes = [...new Set([...errorCodes, ...codes])];
  operationLog.failedParts = failedParts + codes.length;
}
