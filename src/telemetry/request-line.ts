import { type Logger, symbols } from 'pino';
import { type CompletedRequest, nameOf, type RequestRecord } from './request-record.ts';
import { busyMs } from './upstream-call.ts';

/** A completed request, as its log line has it. */
export interface RequestLine extends CompletedRequest {
  readonly id: string;
  readonly url: string;
  readonly address: string;
}

/** @param isRoutine - true for a request that is logged at the level debug only */
type WriteLine = (line: RequestLine, isRoutine: boolean) => void;

/** The parts of a logger of pino that its own lines are made of. */
interface PinoInternals {
  readonly [symbols.chindingsSym]: string;
  readonly [symbols.streamSym]: { write(line: string): void };
}

const LEVELS = { debug: 20, info: 30 };
const HASH_PREFIX = 12;
const MAX_PATH_LENGTH = 256;
/** Trusted proxies may send anything as an address. */
const MAX_ADDRESS_LENGTH = 64;
/** Text that JSON has as it is. */
const PLAIN = /^[ !#-[\]-~]*$/;

/**
 * Creates the function that writes the line of a request. It puts the line together itself, which takes
 * a fourth of the time that pino needs: for a stored response that is a tenth of everything. The line has
 * the form and the fields of pino's other lines and goes to the same stream.
 * @returns undefined if the log does not have these lines
 */
export function createRequestLineWriter(log: object): WriteLine | undefined {
  const { isLevelEnabled } = log as Partial<Logger>;
  if (!isLevelEnabled?.call(log, 'info')) return undefined;
  const isDebug = isLevelEnabled.call(log, 'debug');
  const { [symbols.chindingsSym]: bindings, [symbols.streamSym]: stream } = log as PinoInternals;
  return (line, isRoutine) => {
    if (isRoutine && !isDebug) return;
    const level = isRoutine ? LEVELS.debug : LEVELS.info;
    const start = `{"level":${level},"time":${Date.now()}${bindings}`;
    stream.write(`${start}${format(line)},"msg":"request completed"}\n`);
  };
}

/** The query string is omitted, because it may contain private data. */
const format = ({ id, method, url, address, record, ...line }: RequestLine): string =>
  field('reqId', id) +
  `,"req":{"method":"${method}"` +
  field('path', pathOf(url)) +
  field('address', address.slice(0, MAX_ADDRESS_LENGTH)) +
  field('client', line.client) +
  field('clientVersion', line.clientVersion) +
  '}' +
  field('status', line.status) +
  field('durationMs', toTenths(line.durationMs)) +
  formatRecord(record);

function formatRecord(record: RequestRecord): string {
  const { operations, calls, errorCodes } = record;
  const codes = errorCodes && errorCodes.length > 0 ? [...new Set(errorCodes)] : undefined;
  const hashes = operations.map(({ operation }) => operation.hash.slice(0, HASH_PREFIX));
  return (
    field('publicRequestId', record.publicRequestId) +
    field('operation', joined(operations.map(nameOf))) +
    field('operationHash', joined(hashes)) +
    field('viewer', record.viewer) +
    field('cost', operations.length > 0 ? record.cost() : undefined) +
    field('cacheStatus', record.cacheStatus) +
    field('notStored', record.notStored) +
    (calls.length > 0 ? formatCalls(record) : '') +
    (codes ? `,"errorCodes":${JSON.stringify(codes)}` : '') +
    field('failedParts', record.failedParts) +
    field('traceId', record.traceId)
  );
}

const formatCalls = ({ calls }: RequestRecord): string =>
  field('upstreamCalls', calls.length) +
  field('upstreamMs', toTenths(busyMs(calls, performance.now())));

/** Only a path: an absolute URL (RFC 9112 §3.2.2) may contain credentials. */
const pathOf = (url: string): string =>
  url.startsWith('/') ? (url.split('?', 1)[0] as string).slice(0, MAX_PATH_LENGTH) : '';

function field(name: string, value: string | number | undefined): string {
  if (value === undefined) return '';
  return `,"${name}":${typeof value === 'number' ? value : quote(value)}`;
}

const quote = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

const toTenths = (ms: number): number => Math.round(ms * 10) / 10;

const joined = (texts: readonly (string | undefined)[]): string | undefined =>
  texts.length === 1 ? texts[0] : texts.filter(Boolean).join(',') || undefined;
