import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpResponse } from './http-client.ts';

/** Longer than any response takes, and shorter than the server waits for the rest of a request. */
const TIMEOUT_MS = 1_500;
/** Time without bytes after which the responses are complete. */
const QUIET_MS = 30;

/**
 * Opens a TCP connection, to write any bytes.
 * @param allowHalfOpen - the connection stays writable after the server has ended its side
 */
export async function openConnection(url: string, allowHalfOpen = false): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true, allowHalfOpen });
  // The server may break a connection; the responses before that count.
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  return socket;
}

/** The responses on one connection. */
export interface RawExchange {
  readonly responses: readonly HttpResponse[];
  /** True if the server closed the connection instead of waiting for more bytes. */
  readonly isClosed: boolean;
}

/** Writes bytes and reads until the server closes the connection, stops sending, or sends nothing in time. */
export async function exchangeBytes(
  url: string,
  bytes: string | Buffer,
  { timeoutMs = TIMEOUT_MS, quietMs = QUIET_MS } = {},
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
  const isDone = () => {
    const now = performance.now();
    return isClosed || (chunks.length > 0 ? now - lastAt > quietMs : now - start > timeoutMs);
  };
  while (!isDone()) await sleep(2);
  socket.destroy();
  return { responses: parseResponses(Buffer.concat(chunks).toString('latin1')), isClosed };
}

/** Splits bytes into responses by their content length. */
function parseResponses(text: string): HttpResponse[] {
  const responses: HttpResponse[] = [];
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
    const content = Buffer.from(body.slice(0, length), 'latin1').toString();
    if (status !== 100)
      responses.push({ status, headers, text: content, ms: 0, sentBytes: text.length });
    rest = status === 100 ? body : body.slice(length);
  }
  return responses;
}
