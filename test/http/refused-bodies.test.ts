import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import { openConnection } from '../attack/raw-connection.ts';
import { type Environment, startEnvironment } from '../support/environment.ts';
import { until } from '../support/until.ts';

const BYTES_PER_UNIT = 200;
const BODY_LIMIT = 256 * 1_024;
/** The unit and the address of each refusal, and rounding. */
const SLACK_UNITS = 4;
const VALID = JSON.stringify({ query: '{ __typename }' });
const INVALID = JSON.stringify({ query: '{ nothing }', variables: { a: 'x'.repeat(100_000) } });

const head = (...headers: string[]): string =>
  ['POST /graphql HTTP/1.1', 'Host: localhost', ...headers, '', ''].join('\r\n');
const JSON_TYPE = 'Content-Type: application/json';
const TEXT_TYPE = 'Content-Type: text/plain';
const lengthOf = (bytes: number): string => `Content-Length: ${bytes}`;
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

/** A request whose body does not say how long it is, in chunks of at most 20,000 bytes. */
function chunked(type: string, body: string): string {
  const chunks = body.match(/.{1,20000}/g) ?? [];
  return `${head(type, 'Transfer-Encoding: chunked')}${chunks.map(chunk).join('')}0\r\n\r\n`;
}

const whole = (body: string): string => head(JSON_TYPE, lengthOf(body.length)) + body;

interface Refused {
  /** What the client writes before it hangs up. */
  readonly sent: string;
  /** The status of the last answer; none if the client does not wait for it. */
  readonly status?: number;
  /** Body bytes that the server reads of what it refuses. */
  readonly read: number | readonly [min: number, max: number];
}

const X100K = 'x'.repeat(100_000);
const REFUSED: Readonly<Record<string, Refused>> = {
  'a chunked body that is not JSON': {
    sent: chunked(JSON_TYPE, X100K),
    status: 400,
    read: 100_000,
  },
  'a chunked body with an invalid document': {
    sent: chunked(JSON_TYPE, INVALID),
    status: 400,
    read: INVALID.length,
  },
  'a body of known length with an invalid document': {
    sent: whole(INVALID),
    status: 400,
    read: INVALID.length,
  },
  'a chunked body over the limit': {
    sent: chunked(JSON_TYPE, 'x'.repeat(300_000)),
    status: 413,
    read: [BODY_LIMIT, 300_000],
  },
  'a chunked body of an unsupported type, though it is read after the answer': {
    sent: chunked(TEXT_TYPE, X100K),
    status: 415,
    read: 100_000,
  },
  'what arrived of a body when the client hangs up': {
    sent: head(JSON_TYPE, lengthOf(200_000)) + X100K,
    read: 100_000,
  },
  'what arrived of a chunked body when the client hangs up': {
    sent: head(JSON_TYPE, 'Transfer-Encoding: chunked') + chunk(X100K),
    read: 100_000,
  },
  'not for a body that is announced and never sent': {
    sent: head(JSON_TYPE, lengthOf(10_000_000)),
    status: 413,
    read: 0,
  },
  'not for the body of an earlier request on the same connection': {
    sent: whole(VALID + ' '.repeat(100_000)) + whole('{'),
    status: 400,
    read: 0,
  },
  'not for the body of a later request on the same connection': {
    sent: chunked(JSON_TYPE, INVALID.slice(0, 10_000)) + whole(VALID + ' '.repeat(100_000)),
    read: 10_000,
  },
};

describe('The rate limit charges a refused request for the body bytes that were read:', () => {
  let environment: Environment;
  before(async () => {
    environment = await startEnvironment(web, { RATE_LIMIT_ADDRESS: '1000000' });
  });
  after(() => environment[Symbol.asyncDispose]());

  /** Cost units that are left to this address; it costs one to ask. */
  async function remaining(): Promise<number> {
    const { headers } = await environment.post(VALID);
    return Number(/r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]);
  }

  /**
   * Writes to one connection, waits for the answers if there are to be any, and hangs up.
   * @returns the status of the last answer
   */
  async function exchange(sent: string, isAnswered: boolean): Promise<number | undefined> {
    const socket = await openConnection(environment.url);
    let text = '';
    socket.on('data', (data) => {
      text += data;
    });
    const statuses = () =>
      [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, code]) => Number(code));
    await new Promise((resolve) => socket.write(sent, resolve));
    const requests = sent.split('POST /graphql').length - 1;
    if (isAnswered) await until(() => statuses().length === requests);
    socket.destroy();
    return statuses().at(-1);
  }

  for (const [what, { sent, status, read }] of Object.entries(REFUSED)) {
    it(what, async () => {
      const [min, max] = typeof read === 'number' ? [read, read] : read;
      const before = await remaining();
      let polls = 0;
      const charged = async () => {
        polls += 1;
        return before - (await remaining()) - polls;
      };
      assert.equal(await exchange(sent, status !== undefined), status);
      // The rest of a body may be read after the answer has left.
      const least = Math.floor(min / BYTES_PER_UNIT);
      await until(async () => (await charged()) >= least).catch(() => {});
      const units = await charged();
      assert.ok(units >= least, `${units} units for at least ${min} bytes`);
      assert.ok(
        units <= max / BYTES_PER_UNIT + SLACK_UNITS,
        `${units} units for at most ${max} bytes`,
      );
    });
  }
});

/** Request heads that are refused before their body is read. */
const REFUSED_EARLY: Readonly<Record<string, { readonly head: string; readonly status: number }>> =
  {
    'of an unsupported type': { head: head(TEXT_TYPE, 'Transfer-Encoding: chunked'), status: 415 },
    'over the limit': { head: head(JSON_TYPE, lengthOf(1_000_000_000)), status: 413 },
    'to an unknown path': {
      head: head(JSON_TYPE, 'Transfer-Encoding: chunked').replace('/graphql', '/nothing'),
      status: 404,
    },
    'to a malformed URL': {
      head: head(JSON_TYPE, 'Transfer-Encoding: chunked').replace('/graphql', '/%'),
      status: 400,
    },
    'with two Authorization headers': {
      head: head('Authorization: a', 'Authorization: b', 'Transfer-Encoding: chunked'),
      status: 401,
    },
    'of a GET request': {
      head: head('Transfer-Encoding: chunked').replace(
        'POST /graphql',
        'GET /graphql?query={__typename}',
      ),
      status: 400,
    },
    'of a GET request for /healthz': {
      head: head('Transfer-Encoding: chunked').replace('POST /graphql', 'GET /healthz'),
      status: 400,
    },
  };

describe('A request that is refused before its body is read', () => {
  let environment: Environment;
  before(async () => {
    environment = await startEnvironment(web, {
      RATE_LIMIT_ADDRESS: '10000000',
      TRUSTED_PROXIES: '127.0.0.1',
      DENY_ADDRESSES: '192.0.2.66',
    });
  });
  after(() => environment[Symbol.asyncDispose]());

  /** Cost units that are left to an address; it costs one to ask. */
  async function remaining(address: string): Promise<number> {
    const { headers } = await environment.post(VALID, { 'x-forwarded-for': address });
    return Number(/r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]);
  }

  /** Connects as a proxy that forwards a client's request, and keeps what is answered. */
  async function forward(address: string, sentHead: string) {
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
    socket.write(sentHead.replace('\r\n\r\n', `\r\nX-Forwarded-For: ${address}\r\n\r\n`));
    await until(() => state.text.includes('\r\n\r\n'));
    return { socket, state };
  }

  /** @returns how many bytes the client could write until the connection was closed */
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

  for (const [n, [what, { head: sentHead, status }]] of Object.entries(REFUSED_EARLY).entries()) {
    const address = `192.0.2.${n + 1}`;

    it(`${what}: is answered with "connection: close", and the connection ends while the client sends`, async () => {
      const before = await remaining(address);
      const { socket, state } = await forward(address, sentHead);
      assert.match(state.text, new RegExp(`^HTTP/1.1 ${status} `));
      assert.match(state.text, /^connection: close\r$/im);

      const sentBytes = await sendUntilClosed(socket, state);
      // Some of it may have been on its way when the connection ended.
      const least = Math.floor(sentBytes / 2 / BYTES_PER_UNIT);
      await until(async () => before - (await remaining(address)) >= least).catch(() => {});
      const units = before - (await remaining(address));
      assert.ok(units >= least, `${units} units for ${sentBytes} bytes`);
    });

    it(`${what}: is charged for what arrives until the client breaks off the connection`, async () => {
      const before = await remaining(address);
      const { socket } = await forward(address, sentHead);
      await new Promise((resolve) => socket.write(chunk(X100K), resolve));
      socket.destroy();
      let polls = 0;
      const charged = async () => {
        polls += 1;
        return before - (await remaining(address)) - polls;
      };
      await until(async () => (await charged()) >= 100_000 / BYTES_PER_UNIT).catch(() => {});
      const units = await charged();
      assert.ok(units >= 100_000 / BYTES_PER_UNIT, `${units} units`);
    });
  }

  it('keeps its connection if a body within the limit arrives at once', async () => {
    const body = 'x'.repeat(1_000);
    const { socket, state } = await forward('192.0.2.50', head(TEXT_TYPE, lengthOf(1_000)));
    assert.match(state.text, /^HTTP\/1.1 415 /);
    assert.match(state.text, /^connection: keep-alive\r$/im);
    socket.write(`${body}${whole(VALID)}`);
    await until(() => state.text.includes('HTTP/1.1 200 '));
    socket.destroy();
  });

  it('leaves no listener on a connection that is kept', async () => {
    const warnings: string[] = [];
    const note = ({ name }: Error) => void warnings.push(name);
    process.on('warning', note);
    const refused = head(TEXT_TYPE, lengthOf(10)) + 'x'.repeat(10);
    const { socket, state } = await forward('192.0.2.52', refused.repeat(20) + whole(VALID));
    await until(() => state.text.includes('HTTP/1.1 200 '));
    socket.destroy();
    process.off('warning', note);
    assert.deepEqual(warnings, []);
  });

  it('loses its connection if a body within the limit does not arrive', async () => {
    const { socket, state } = await forward('192.0.2.51', head(TEXT_TYPE, lengthOf(1_000)));
    await until(() => state.isEnded);
    socket.destroy();
    assert.match(state.text, /^HTTP\/1.1 415 /);
  });

  it('from a denied address loses its connection as well', async () => {
    const sentHead = head(JSON_TYPE, 'Transfer-Encoding: chunked');
    const { socket, state } = await forward('192.0.2.66', sentHead);
    await sendUntilClosed(socket, state);
    assert.match(state.text, /^HTTP\/1.1 403 /);
  });
});
