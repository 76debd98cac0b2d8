import { createServer, type Socket } from 'node:net';
import type { Gauge } from './gauge.ts';
import type { Answer, Delays } from './routes.ts';

const END_OF_HEAD = '\r\n\r\n';
const REQUEST_LINE = /^(GET|PATCH) (\S+) HTTP\/1\.1\r\n/;
const LENGTH = /\r\ncontent-length: *(\d+)/i;

interface Handlers {
  /** Looks up the answer; called once for each request. `change` is the body of a PATCH. */
  readonly answerTo: (target: string, change: string | undefined) => Answer;
  /** Changes never wait. */
  readonly delays: () => Delays;
  readonly gauge: Gauge;
}

/**
 * An HTTP/1.1 server that reads nothing of a GET but its first line and answers with keep-alive:
 * node:http would take three times the time, and the upstream must not be the limit.
 */
export function createRawServer(handlers: Handlers) {
  return createServer({ noDelay: true }, (socket) => serve(socket, handlers));
}

function serve(socket: Socket, { answerTo, delays, gauge }: Handlers): void {
  let pending = '';
  let busy = false;

  const take = (): void => {
    const end = pending.indexOf(END_OF_HEAD);
    if (busy || end < 0) return;
    const [, method, target] = REQUEST_LINE.exec(pending) ?? [];
    if (!target) {
      socket.destroy();
      return;
    }
    const isChange = method === 'PATCH';
    const bodyAt = end + END_OF_HEAD.length;
    const bodyEnd = bodyAt + (isChange ? lengthIn(pending.slice(0, end)) : 0);
    if (pending.length < bodyEnd) return;
    const change = isChange ? toText(pending.slice(bodyAt, bodyEnd)) : undefined;
    pending = pending.slice(bodyEnd);

    gauge.open();
    const answer = answerTo(target, change);
    const delay = isChange ? 0 : delays()[answer.service];
    if (delay === 0) {
      send(answer);
      return;
    }
    busy = true;
    setTimeout(() => {
      busy = false;
      send(answer);
    }, delay);
  };

  const send = ({ status, body }: Answer): void => {
    gauge.close();
    if (!socket.destroyed) socket.write(toBytes(status, body));
    take();
  };

  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    pending += chunk;
    take();
  });
  socket.on('error', () => socket.destroy());
}

const lengthIn = (head: string): number => Number(LENGTH.exec(head)?.[1] ?? 0);

const toText = (latin1: string): string => Buffer.from(latin1, 'latin1').toString();

function toBytes(status: number, body: readonly Buffer[]): Buffer {
  let length = 0;
  for (const piece of body) length += piece.length;
  const head = `HTTP/1.1 ${status} ${status === 200 ? 'OK' : 'Refused'}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
  const bytes = Buffer.allocUnsafe(head.length + length);
  let at = bytes.write(head, 'latin1');
  for (const piece of body) at += piece.copy(bytes, at);
  return bytes;
}
