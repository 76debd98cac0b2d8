import { createServer, type Socket } from 'node:net';
import type { ConcurrencyGauge } from './concurrency-gauge.ts';
import type { Delays, UpstreamResponse } from './routes.ts';

const END_OF_HEAD = '\r\n\r\n';
const REQUEST_LINE = /^(GET|PATCH) (\S+) HTTP\/1\.1\r\n/;
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;

interface Handlers {
  /** Creates the response to one request. `patchBody` is undefined for a GET. */
  readonly respond: (target: string, patchBody: string | undefined) => UpstreamResponse;
  /** Current delays of reads; a PATCH is never delayed. */
  readonly delays: () => Delays;
  readonly gauge: ConcurrencyGauge;
}

/**
 * A keep-alive HTTP/1.1 server that reads only the request line of a GET. node:http costs three times
 * the CPU time, and the upstream must not be the bottleneck.
 */
export function createRawServer(handlers: Handlers) {
  return createServer({ noDelay: true }, (socket) => serve(socket, handlers));
}

function serve(socket: Socket, { respond, delays, gauge }: Handlers): void {
  let buffered = '';
  let isWaiting = false;

  const serveNext = (): void => {
    const headEnd = buffered.indexOf(END_OF_HEAD);
    if (isWaiting || headEnd < 0) return;
    const [, method, target] = REQUEST_LINE.exec(buffered) ?? [];
    if (!target) {
      socket.destroy();
      return;
    }
    const isPatch = method === 'PATCH';
    const bodyStart = headEnd + END_OF_HEAD.length;
    const bodyEnd = bodyStart + (isPatch ? contentLength(buffered.slice(0, headEnd)) : 0);
    if (buffered.length < bodyEnd) return;
    const patchBody = isPatch ? decodeUtf8(buffered.slice(bodyStart, bodyEnd)) : undefined;
    buffered = buffered.slice(bodyEnd);

    gauge.start();
    const response = respond(target, patchBody);
    const delayMs = isPatch ? 0 : delays()[response.service];
    if (delayMs === 0) {
      send(response);
      return;
    }
    isWaiting = true;
    setTimeout(() => {
      isWaiting = false;
      send(response);
    }, delayMs);
  };

  const send = ({ status, body }: UpstreamResponse): void => {
    gauge.finish();
    if (!socket.destroyed) socket.write(toBytes(status, body));
    serveNext();
  };

  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    buffered += chunk;
    serveNext();
  });
  socket.on('error', () => socket.destroy());
}

const contentLength = (head: string): number => Number(CONTENT_LENGTH.exec(head)?.[1] ?? 0);

const decodeUtf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString();

function toBytes(status: number, body: readonly Buffer[]): Buffer {
  let length = 0;
  for (const part of body) length += part.length;
  const head = `HTTP/1.1 ${status} ${status === 200 ? 'OK' : 'Refused'}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
  const bytes = Buffer.allocUnsafe(head.length + length);
  let offset = bytes.write(head, 'latin1');
  for (const part of body) offset += part.copy(bytes, offset);
  return bytes;
}
