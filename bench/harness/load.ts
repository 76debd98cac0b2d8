export interface LoadRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Default 200; the same for all requests of a job. A 304 has no body. */
  readonly expectedStatus?: number;
  /** Text that the body of the answer has; checked at fixed rates. */
  readonly expectedText?: string;
}

/** Requests to send round robin, serialisable for a load generator in another process. */
export interface LoadJob {
  readonly origin: string;
  readonly requests: readonly LoadRequest[];
  readonly connections: number;
  readonly seconds: number;
  readonly core: number;
}

export interface LoadResult {
  /** Requests answered in time. */
  readonly requests: number;
  /** Requests sent, including those still unanswered at the end. */
  readonly sent: number;
  readonly seconds: number;
  /** Broken connections, timeouts, unexpected statuses, and bodies with GraphQL errors. */
  readonly errors: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
}

export interface LoadGenerator {
  /** Name and version, for the tables. */
  readonly name: string;
  readonly run: (job: LoadJob) => Promise<LoadResult>;
}

/** The status that all answers to a job must have. */
export const expectedStatusOf = ([request]: readonly LoadRequest[]): number =>
  request?.expectedStatus ?? 200;

/** A 200 with this in its body, or with an empty body, counts as an error. */
export const ERRORS_KEY = '"errors"';
