import type { IncomingHttpHeaders } from 'node:http';
import { type Logger, pino } from 'pino';

/** Where things are said that only operators may read. */
export type Log = Pick<Logger, 'error' | 'warn' | 'info' | 'debug'>;

/**
 * The log of a process itself, on every log level: where it listens in production, and why it crashed.
 * Lines are written synchronously, so that the process may exit after one.
 */
export const createProcessLog = (name: string): Log & Pick<Logger, 'fatal'> => pino({ name });

interface LoggedRequest {
  readonly method: string;
  readonly url: string;
  readonly ip: string;
  readonly headers: IncomingHttpHeaders;
}

const CLIENT = /^[\x20-\x7e]{1,64}$/;

/**
 * What the log has of a request: who the client says it is, and nothing of its query, which may hold
 * what is private.
 */
export const describeRequest = ({ method, url, ip, headers }: LoggedRequest) => ({
  method,
  path: url.split('?', 1)[0],
  address: ip,
  client: clientOf(headers['apollographql-client-name']),
  clientVersion: clientOf(headers['apollographql-client-version']),
});

/** @returns undefined for what is no name that could stand in a log */
const clientOf = (given: string | string[] | undefined): string | undefined =>
  typeof given === 'string' && CLIENT.test(given) ? given : undefined;
