export interface LoadRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Of a good answer, 200 unless given; the same in all requests of a job. 304 has no body. */
  readonly status?: number;
}

/** Requests that are sent round robin, in a form that the load generator reads. */
export interface LoadJob {
  readonly origin: string;
  readonly requests: readonly LoadRequest[];
  readonly connections: number;
  readonly seconds: number;
  /** Requests per second to keep to; as many as go if undefined. */
  readonly rate: number | undefined;
  /** About how long an answer takes at that rate, in milliseconds. */
  readonly answerMs?: number | undefined;
  readonly core: number;
}

export interface LoadResult {
  readonly requests: number;
  /** Requests that were sent, answered within the time or not. */
  readonly sent: number;
  readonly seconds: number;
  /** Connections that broke, time-outs, other statuses, and bodies with errors in them. */
  readonly errors: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

export interface LoadGenerator {
  readonly name: string;
  readonly run: (job: LoadJob) => Promise<LoadResult>;
}

/** The status of all good answers to a job. */
export const statusOf = ([request]: readonly LoadRequest[]): number => request?.status ?? 200;

/** A body of a 200 is bad if it is empty or tells of errors, whatever its status. */
export const ERRORS_IN_BODY = '"errors"';
