import { createServer, type Socket } from 'node:net';
import type { Answer, Delays } from './routes.ts';

const END_OF_HEAD = '\r\n\r\n';
const REQUEST_LINE = /^GET (\S+) HTTP\/1\.1\r\n/;

/**
 * An HTTP/1.1 server that reads nothing of a request but its first line and answers with keep-alive:
 * node:http would take three times the time, and the upstream must not be the limit. GET only.
 * @param answerTo - looks up the answer; called once for each request
 */
export function createRawServer(answerTo: (target: string) => Answer, delays: () => Delays) {
  return createServer({ noDelay: true }, (socket) => serve(socket, answerTo, delays));
}

function serve(socket: Socket, answerTo: (target: string) => Answer, delays: () => Delays): void {
  let pending = '';
  let busy = false;

  const take = (): void => {
    const end = pending.indexOf(END_OF_HEAD);
    if (busy || end < 0) return;
    const target = REQUEST_LINE.exec(pending)?.[1];
    pending = pending.slice(end + END_OF_HEAD.length);
    if (!target) {
      socket.destroy();
      return;
    }
    const answer = answerTo(target);
    const delay = delays()[answer.service];
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

function toBytes(status: number, body: readonly Buffer[]): Buffer {
  let length = 0;
  for (const piece of body) length += piece.length;
  const head = `HTTP/1.1 ${status} ${status === 200 ? 'OK' : 'Refused'}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
  const bytes = Buffer.allocUnsafe(head.length + length);
  let at = bytes.write(head, 'latin1');
  for (const piece of body) at += piece.copy(bytes, at);
  return bytes;
}
