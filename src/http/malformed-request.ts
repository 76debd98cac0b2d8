import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { errorBody } from './error-handler.ts';
import { DEFAULT_HEADERS } from './security-headers.ts';

const WRONG: Readonly<Record<string, readonly [status: number, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive.'],
  HPE_HEADER_OVERFLOW: [431, 'The headers are too large.'],
};
/** How long an answer may take to arrive, in milliseconds. */
const LINGER_MS = 1_000;
const NO_REQUEST = [400, 'This is not an HTTP request.'] as const;

function refusal(status: number, message: string) {
  const requestId = randomUUID();
  const body = JSON.stringify(errorBody('BAD_REQUEST', message, requestId));
  const headers = {
    ...DEFAULT_HEADERS,
    'x-request-id': requestId,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  return { status, headers, body };
}

/** Answers what Node could not read as HTTP; there is no request then, only a connection. */
export function answerMalformedRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [given, message] = WRONG[error.code ?? ''] ?? NO_REQUEST;
  const { status, headers, body } = refusal(given, message);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  // Whoever does not close their end, too, would keep ours open.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** Answers an `Expect` other than 100-continue (RFC 9110 §10.1.1). */
export function answerExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const { status, headers, body } = refusal(417, 'There is nothing here to be expected.');
  response.writeHead(status, headers).end(body);
}
