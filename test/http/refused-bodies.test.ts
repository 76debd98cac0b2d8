import assert from 'node:assert/strict';
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
  INVALID,
  JSON_TYPE,
  TEXT_TYPE,
  VALID,
  withBody,
  withChunkedBody,
  X100K,
} from './raw-requests.ts';

const MAX_BODY_BYTES = 256 * 1_024;
/** The unit and the URL of each refusal, and rounding. */
const SLACK_UNITS = 4;

interface RefusedBody {
  /** What the client writes before it disconnects. */
  readonly sent: string;
  /** The status of the last response; none if the client does not wait for it. */
  readonly status?: number;
  /** The body bytes that the server reads of the refused request. */
  readonly readBytes: number | readonly [min: number, max: number];
}

const REFUSED: Readonly<Record<string, RefusedBody>> = {
  'for a chunked body that is not JSON': {
    sent: withChunkedBody(JSON_TYPE, X100K),
    status: 400,
    readBytes: 100_000,
  },
  'for a chunked body with an invalid document': {
    sent: withChunkedBody(JSON_TYPE, INVALID),
    status: 400,
    readBytes: INVALID.length,
  },
  'for a body of known length with an invalid document': {
    sent: withBody(INVALID),
    status: 400,
    readBytes: INVALID.length,
  },
  'for a chunked body over the limit': {
    sent: withChunkedBody(JSON_TYPE, 'x'.repeat(300_000)),
    status: 413,
    readBytes: [MAX_BODY_BYTES, 300_000],
  },
  'for a chunked body of an unsupported type, which is read after the response': {
    sent: withChunkedBody(TEXT_TYPE, X100K),
    status: 415,
    readBytes: 100_000,
  },
  'for the part of a body that arrived before the client disconnected': {
    sent: head(JSON_TYPE, contentLength(200_000)) + X100K,
    readBytes: 100_000,
  },
  'for the part of a chunked body that arrived before the client disconnected': {
    sent: head(JSON_TYPE, CHUNKED) + chunk(X100K),
    readBytes: 100_000,
  },
  'not for a body that is announced and never sent': {
    sent: head(JSON_TYPE, contentLength(10_000_000)),
    status: 413,
    readBytes: 0,
  },
  'not for the body of an earlier request on the same connection': {
    sent: withBody(VALID + ' '.repeat(100_000)) + withBody('{'),
    status: 400,
    readBytes: 0,
  },
  'not for the body of a later request on the same connection': {
    sent:
      withChunkedBody(JSON_TYPE, INVALID.slice(0, 10_000)) + withBody(VALID + ' '.repeat(100_000)),
    readBytes: 10_000,
  },
};

describe('A refused request is charged', () => {
  let environment: LibraryEnvironment;
  before(async () => {
    environment = await startLibrary({ RATE_LIMIT_ADDRESS: '1000000' });
  });
  after(() => environment[Symbol.asyncDispose]());

  /**
   * Writes to one connection, waits for the responses if there are to be any, and disconnects.
   * @returns the status of the last response
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

  for (const [what, { sent, status, readBytes }] of Object.entries(REFUSED)) {
    it(what, async () => {
      const [min, max] = typeof readBytes === 'number' ? [readBytes, readBytes] : readBytes;
      // Without trusted proxies, the address is that of the connection.
      const meter = await startChargeMeter(environment, '');
      assert.equal(await exchange(sent, status !== undefined), status);
      const minUnits = Math.floor(min / BYTES_PER_UNIT);
      const maxUnits = max / BYTES_PER_UNIT + SLACK_UNITS;
      const units = await meter.waitFor(minUnits);
      assert.ok(units >= minUnits && units <= maxUnits, `${units} of ${minUnits} to ${maxUnits}`);
    });
  }
});
