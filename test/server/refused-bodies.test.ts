import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import { dial } from '../attack/wire.ts';
import { until } from '../support/until.ts';
import { startWorld, type World } from '../support/world.ts';

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
  let world: World;
  before(async () => {
    world = await startWorld(web, { RATE_LIMIT_ADDRESS: '1000000' });
  });
  after(() => world[Symbol.asyncDispose]());

  /** Cost units that are left to this address; it costs one to ask. */
  async function remaining(): Promise<number> {
    const { headers } = await world.post(VALID);
    return Number(/r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]);
  }

  /**
   * Writes to one connection, waits for the answers if there are to be any, and hangs up.
   * @returns the status of the last answer
   */
  async function exchange(sent: string, isAnswered: boolean): Promise<number | undefined> {
    const socket = await dial(world.url);
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
