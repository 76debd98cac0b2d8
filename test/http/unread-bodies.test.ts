import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { openConnection } from '../attack/raw-connection.ts';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';
import { until } from '../support/until.ts';
import { BYTES_PER_UNIT, startChargeMeter } from './charge-meter.ts';
import {
  CHUNKED,
  chunk,
  contentLength,
  head,
  JSON_TYPE,
  TEXT_TYPE,
  VALID,
  withBody,
  X100K,
} from './raw-requests.ts';

const DENIED = '192.0.2.200';

/** Heads of requests that are refused before their body is read. */
const REFUSED: Readonly<Record<string, { readonly sent: string; readonly status: number }>> = {
  'of an unsupported type': { sent: head(TEXT_TYPE, CHUNKED), status: 415 },
  'over the size limit': { sent: head(JSON_TYPE, contentLength(1_000_000_000)), status: 413 },
  'to an unknown path': {
    sent: head(JSON_TYPE, CHUNKED).replace('/graphql', '/nothing'),
    status: 404,
  },
  'to a malformed URL': { sent: head(JSON_TYPE, CHUNKED).replace('/graphql', '/%'), status: 400 },
  'with two Authorization headers': {
    sent: head('Authorization: a', 'Authorization: b', CHUNKED),
    status: 401,
  },
  'of a GET request': {
    sent: head(CHUNKED).replace('POST /graphql', 'GET /graphql?query={__typename}'),
    status: 400,
  },
  'of a GET request for /healthz': {
    sent: head(CHUNKED).replace('POST /graphql', 'GET /healthz'),
    status: 400,
  },
};

// The tests run at once, each as a client of its own, because the server waits a second for a body.
describe('The unread body of a refused request', { concurrency: true }, () => {
  let environment: LibraryEnvironment;
  before(async () => {
    environment = await startLibrary({
      RATE_LIMIT_ADDRESS: '10000000',
      TRUSTED_PROXIES: '127.0.0.1',
      DENY_ADDRESSES: DENIED,
    });
  });
  after(() => environment[Symbol.asyncDispose]());

  let clients = 0;
  const nextAddress = () => `192.0.2.${++clients}`;

  /** Connects as a proxy that forwards a request of a client, and collects the response. */
  async function forward(address: string, request: string) {
    const socket = await openConnection(environment.url, true);
    const state = { text: '', isEnded: false, isClosed: false };
    socket.on('data', (data) => {
      state.text += data;
    });
    socket.on('end', () => {
      state.isEnded = true;
    });
    socket.on('close', () => {
      state.isClosed = true;
    });
    socket.write(request.replace('\r\n\r\n', `\r\nX-Forwarded-For: ${address}\r\n\r\n`));
    await until(() => state.text.includes('\r\n\r\n'));
    return { socket, state };
  }

  /** @returns the bytes that the client has written when the connection is closed */
  async function sendUntilClosed(socket: Socket, state: { readonly isClosed: boolean }) {
    let sentBytes = 0;
    await until(() => {
      if (!state.isClosed && socket.writableLength === 0) {
        socket.write(chunk('x'.repeat(1_000)));
        sentBytes += 1_000;
      }
      return state.isClosed;
    });
    return sentBytes;
  }

  for (const [what, { sent, status }] of Object.entries(REFUSED)) {
    it(`${what} closes the connection while the client sends it, and is charged`, async () => {
      const address = nextAddress();
      const meter = await startChargeMeter(environment, address);
      const { socket, state } = await forward(address, sent);
      assert.match(state.text, new RegExp(`^HTTP/1.1 ${status} `));
      assert.match(state.text, /^connection: close\r$/im);

      const sentBytes = await sendUntilClosed(socket, state);
      // A part of it may have been in transit when the connection was closed.
      const minUnits = Math.floor(sentBytes / 2 / BYTES_PER_UNIT);
      const units = await meter.waitFor(minUnits);
      assert.ok(units >= minUnits, `${units} units for ${sentBytes} bytes`);
    });

    it(`${what} is charged for what arrives until the client disconnects`, async () => {
      const address = nextAddress();
      const meter = await startChargeMeter(environment, address);
      const { socket } = await forward(address, sent);
      await new Promise((resolve) => socket.write(chunk(X100K), resolve));
      socket.destroy();
      const minUnits = X100K.length / BYTES_PER_UNIT;
      const units = await meter.waitFor(minUnits);
      assert.ok(units >= minUnits, `${units} units`);
    });
  }

  it('keeps the connection if it is within the limit and arrives at once', async () => {
    const body = 'x'.repeat(1_000);
    const { socket, state } = await forward(nextAddress(), head(TEXT_TYPE, contentLength(1_000)));
    assert.match(state.text, /^HTTP\/1.1 415 /);
    assert.match(state.text, /^connection: keep-alive\r$/im);
    socket.write(`${body}${withBody(VALID)}`);
    await until(() => state.text.includes('HTTP/1.1 200 '));
    socket.destroy();
  });

  it('leaves no listener on a connection that is kept', async () => {
    const warnings: string[] = [];
    const record = ({ name }: Error) => void warnings.push(name);
    process.on('warning', record);
    const refused = head(TEXT_TYPE, contentLength(10)) + 'x'.repeat(10);
    const { socket, state } = await forward(nextAddress(), refused.repeat(20) + withBody(VALID));
    await until(() => state.text.includes('HTTP/1.1 200 '));
    socket.destroy();
    process.off('warning', record);
    assert.deepEqual(warnings, []);
  });

  it('closes the connection if it is within the limit and does not arrive', async () => {
    const { socket, state } = await forward(nextAddress(), head(TEXT_TYPE, contentLength(1_000)));
    await until(() => state.isEnded);
    socket.destroy();
    assert.match(state.text, /^HTTP\/1.1 415 /);
  });

  it('closes the connection of a denied address', async () => {
    const { socket, state } = await forward(DENIED, head(JSON_TYPE, CHUNKED));
    await sendUntilClosed(socket, state);
    assert.match(state.text, /^HTTP\/1.1 403 /);
  });
});
