import { randomUUID } from 'node:crypto';
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { NO_STORE } from '../cache/index.ts';
import { commonHeaders } from './common-headers.ts';
import { errorBody } from './error-handler.ts';

/** Status and message by Node's error code. */
const RESPONSES: Readonly<Record<string, readonly [status: number, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive.'],
  HPE_HEADER_OVERFLOW: [431, 'The headers are too large.'],
};
const TLS_ERROR = /^ERR_(SSL|TLS)_/;
const NOT_HTTP = [400, 'This is not an HTTP request.'] as const;
/** Time for the client to read the response before the connection is destroyed. */
const LINGER_MS = 1_000;

function createRefusal(message: string, isSecure: boolean) {
  const requestId = randomUUID();
  const body = JSON.stringify(errorBody('BAD_REQUEST', message, requestId));
  const ownHeaders = {
    ...NO_STORE,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
  };
  const headers = [...Object.entries(ownHeaders).flat(), ...commonHeaders(isSecure, requestId)];
  return { headers, body };
}

/** Responds to bytes that Node can't parse as HTTP. There is no request then, only a connection. */
export function answerMalformedRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  const { code = '' } = error;
  // After a failed handshake, nothing that is written would arrive.
  const isLost = code === 'ECONNRESET' || TLS_ERROR.test(code) || !socket.writable;
  if (isLost || hasBegunResponse(socket)) return void socket.destroy();
  const [status, message] = RESPONSES[code] ?? NOT_HTTP;
  const { headers, body } = createRefusal(message, socket instanceof TLSSocket);
  headers.push('connection', 'close');
  const lines = headers.map((text, n) => (n % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('');
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines}\r\n${body}`);
  // A client that does not close its end would keep the connection open.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** True while a response is being sent: the client would take another one for a part of its body. */
const hasBegunResponse = (socket: Socket & { _httpMessage?: ServerResponse | null }): boolean =>
  socket._httpMessage?.headersSent === true;
