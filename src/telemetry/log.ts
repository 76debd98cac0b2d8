/**
 * Logs. Every line is JSON with a fixed message and fields; a request has one line at its end,
 * and one more if the cause of a refusal is logged.
 *
 * `Log` is what the parts of the server get; request-record.ts collects the part of a request's line
 * that is about its operation.
 *
 * No line may contain a credential, a variable of an operation or a query string.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { hostname } from 'node:os';
import { type Logger, pino } from 'pino';
import { REDACTION } from './redaction.ts';

/** The log. Only operators may read it, so entries may name upstreams and causes. */
export type Log = Pick<Logger, 'error' | 'warn' | 'info' | 'debug'>;

/**
 * Creates the log of the process itself, such as the address it listens on and the reason for a crash.
 * It is independent of the configured log level, and writes synchronously, so that the process may exit
 * right after a line.
 */
export const createProcessLog = (name: string, worker?: number): Log & Pick<Logger, 'fatal'> =>
  pino({ name, base: baseOf(worker), ...REDACTION });

interface RequestLogOptions {
  readonly name: string;
  readonly level: string;
  /** Writes lines in blocks, each at the latest after FLUSH_INTERVAL_MS; otherwise at once. */
  readonly isBuffered: boolean;
  /** The number of this process among the workers of a BFF, if it has some. */
  readonly worker: number | undefined;
}

/** The size of a block of lines: a write for each line costs as much as making it. */
const BLOCK_BYTES = 8_192;
const FLUSH_INTERVAL_MS = 200;
/** Lines are dropped beyond this, while nobody reads them. */
const MAX_BUFFERED_BYTES = 16 * 1_024 * 1_024;

/**
 * The options of the log of requests; without logging, Fastify creates no logger for each request.
 * What is buffered is also written when the process ends, except by SIGKILL.
 */
export const requestLogOptions = ({ name, level, isBuffered, worker }: RequestLogOptions) =>
  level === 'silent'
    ? false
    : {
        level,
        name,
        base: baseOf(worker),
        ...REDACTION,
        serializers: { ...REDACTION.serializers, req: describeRequest },
        ...(isBuffered && { stream: createBufferedStream() }),
      };

/** The fields of every line: the process, and its number if it is a worker. */
const baseOf = (worker: number | undefined) => ({
  pid: process.pid,
  hostname: hostname(),
  ...(worker !== undefined && { worker }),
});

const createBufferedStream = () =>
  pino.destination({
    dest: 1,
    sync: false,
    minLength: BLOCK_BYTES,
    maxLength: MAX_BUFFERED_BYTES,
    periodicFlush: FLUSH_INTERVAL_MS,
  });

interface LoggedRequest {
  readonly method: string;
  readonly url: string;
  readonly ip: string;
  readonly headers: IncomingHttpHeaders;
}

const CLIENT_NAME = /^[\x20-\x7e]{1,64}$/;

/**
 * Describes a request for the log: method, path, address and self-declared client. The query string is
 * omitted, because it may contain private data.
 */
export const describeRequest = ({ method, url, ip, headers }: LoggedRequest) => ({
  method,
  path: url.split('?', 1)[0],
  address: ip,
  client: clientOf(headers['apollographql-client-name']),
  clientVersion: clientOf(headers['apollographql-client-version']),
});

/** @returns undefined unless the header is a short name of printable ASCII */
export const clientOf = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' && CLIENT_NAME.test(header) ? header : undefined;
