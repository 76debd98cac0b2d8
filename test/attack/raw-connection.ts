import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpResponse } from './http-client.ts';

/** Longer than any answer takes, and shorter than the server waits for the rest of a request. */
const PATIENCE_MS = 1_500;
/** After an answer, for how long another is waited for. */
const QUIET_MS = 30;

/**
 * A connection on which anything can be written, HTTP or not.
 * @param allowHalfOpen - whether it stays writable after the server has ended its side
 */
export async function openConnection(url: string, allowHalfOpen = false): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true, allowHalfOpen });
  // Connections under attack break; what matters is what was answered before.
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  return socket;
}

/** What came over one connection. */
export interface RawExchange {
  readonly answers: readonly HttpResponse[];
  /** Whether the server closed the connection, rather than wait for more. */
  readonly isClosed: boolean;
}

/**
 * Writes bytes, and listens until the connection is closed, or until after an answer, or the
 * patience's end, nothing more comes.
 */
export async function exchangeBytes(
  url: string,
  bytes: string | Buffer,
  { patienceMs = PATIENCE_MS, quietMs = QUIET_MS } = {},
): Promise<RawExchange> {
  const socket = await openConnection(url);
  const start = performance.now();
  const chunks: Buffer[] = [];
  let isClosed = false;
  let lastAt = start;
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    lastAt = performance.now();
  });
  socket.on('close', () => {
    isClosed = true;
  });
  socket.write(Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes, 'latin1'));
  const isOver = () => {
    const now = performance.now();
    return isClosed || (chunks.length > 0 ? now - lastAt > quietMs : now - start > patienceMs);
  };
  while (!isOver()) await sleep(2);
  socket.destroy();
  return { answers: parseResponses(Buffer.concat(chunks).toString('latin1')), isClosed };
}

/** Splits what a server wrote into answers, each with the length that it says it has. */
function parseResponses(text: string): HttpResponse[] {
  const answers: HttpResponse[] = [];
  let rest = text;
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n');
    const [line = '', ...lines] = rest.slice(0, end < 0 ? undefined : end).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(line)?.[1] ?? 0);
    const headers = Object.fromEntries(
      lines.map((header) => {
        const [name = '', ...value] = header.split(':');
        return [name.toLowerCase(), value.join(':').trim()];
      }),
    );
    const body = end < 0 ? '' : rest.slice(end + 4);
    const length = Number(headers['content-length'] ?? body.length);
    const own = Buffer.from(body.slice(0, length), 'latin1').toString();
    if (status !== 100) answers.push({ status, headers, text: own, ms: 0, sentBytes: text.length });
    rest = status === 100 ? body : body.slice(length);
  }
  return answers;
}
