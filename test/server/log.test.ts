import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { documentHash } from '../../src/operations/operation.ts';
import { type BffProcessOptions, startBffProcess, toModuleUrl } from '../support/bff-process.ts';
import { authorization, type Json } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { PRODUCTION } from '../support/production.ts';
import { until } from '../support/until.ts';

/** Makes the process fail in the way that a message names. */
const FAIL_ON_MESSAGE = toModuleUrl(`
  process.channel.unref();
  process.on('message', (how) => {
    if (how === 'throw') setImmediate(() => { throw new TypeError('made to fail'); });
    else Promise.reject(how === 'reject' ? new TypeError('made to fail') : undefined);
  });
`);

/** Shortens the intervals of the process, and replies to a message with how often one has passed. */
const FAST_INTERVALS = toModuleUrl(`
  const { setInterval: start } = globalThis;
  let passed = 0;
  globalThis.setInterval = (work, ms) => start(() => { passed++; work(); }, ms / 50);
  process.channel.unref();
  process.on('message', () => process.send(passed));
`);

/** Starts the library in production. */
async function startProduction(env: NodeJS.ProcessEnv = {}, options: BffProcessOptions = {}) {
  const bff = await startBffProcess(library, {
    env: { ...PRODUCTION, DRAIN_DELAY_MS: '0', ...env },
    ...options,
  });
  return {
    ...bff,
    /** The entries with a message, as soon as there are this many. */
    async find(msg: string, count = 1): Promise<Json[]> {
      const found = () => bff.logEntries().filter((entry) => entry.msg === msg);
      await until(() => found().length >= count);
      return found();
    },
    async post(body: unknown): Promise<Json> {
      const response = await fetch(bff.endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return response.json();
    },
  };
}

type Production = Awaited<ReturnType<typeof startProduction>>;

const CARD = {
  query: 'query Card($id: ID!) { member(id: $id) { name } notices { title } }',
  variables: { id: '42' },
};
const TYPENAME = { query: '{ __typename }' };
const NO_DESCRIPTORS = 'no file descriptors left, new connections are closed';

/** Checks that every line is JSON, and one of them has the URLs. */
async function assertJsonLines({ lines, find }: Production): Promise<void> {
  for (const line of lines()) JSON.parse(line);
  const [listening] = await find('listening');
  assert.match(listening.url, /^http:.*\/graphql$/);
  assert.match(listening.adminUrl, /^http:/);
  assert.equal(listening.name, 'library');
}

/** @returns the one entry at level fatal, of an error that a test has caused */
function assertOneCrash(entries: readonly Json[]): Json {
  const [entry, ...others] = entries.filter(({ level }) => level === 60);
  assert.deepEqual(others, []);
  assert.equal(entry.msg, 'process crashed');
  assert.equal(entry.name, 'library');
  assert.equal(entry.err.type, 'TypeError');
  assert.equal(entry.err.message, 'made to fail');
  assert.match(entry.err.stack, /made to fail/);
  return entry;
}

describe('The log of a BFF in production', () => {
  it('is JSON lines from start to end, with the operation, cost, cache status and error codes of each request', async () => {
    await using bff = await startProduction({ BATCH_MAX_OPERATIONS: '2' });
    await bff.post(CARD);
    await bff.post(CARD);
    await bff.post([CARD, { query: 'query Other { __typename }' }]);
    await bff.post(TYPENAME);
    bff.services.lending.control.faults({ notices: { status: 500 } });
    const { data, errors } = await bff.post({ ...CARD, variables: { id: '43' } });
    assert.equal(data.notices, null);
    await bff.post({ query: 'query Wrong { nothing }' });
    await bff.post({ query: '{' });
    await bff.post(CARD.query);

    const entries = await bff.find('request completed', 8);
    const [stored, hit, batch, unnamed, partial, invalid, unparsed, malformed] = entries.map(
      ({ operation, cost, cacheStatus, failedParts, errorCodes }) => {
        return { operation, cost, cacheStatus, failedParts, errorCodes };
      },
    );
    assert.ok(stored?.cost > 0);
    const completed = { operation: 'Card', failedParts: 0, errorCodes: undefined };
    assert.deepEqual(stored, { ...completed, cost: stored?.cost, cacheStatus: 'stored' });
    assert.deepEqual(hit, { ...completed, cost: stored?.cost, cacheStatus: 'hit' });
    assert.equal(batch?.operation, 'Card,Other');
    assert.ok(batch.cost > stored?.cost);
    assert.equal(batch.cacheStatus, 'bypass');
    assert.equal(batch.failedParts, 0);
    assert.equal(unnamed?.operation, undefined);
    assert.ok(unnamed?.cost > 0);
    assert.equal(partial?.operation, 'Card');
    assert.equal(partial.failedParts, 1);
    assert.deepEqual(partial.errorCodes, [errors[0].extensions.code]);
    assert.deepEqual(invalid?.errorCodes, ['GRAPHQL_VALIDATION_FAILED']);
    assert.equal(invalid.failedParts, undefined);
    assert.deepEqual(unparsed?.errorCodes, ['GRAPHQL_PARSE_FAILED']);
    assert.deepEqual(malformed?.errorCodes, ['BAD_REQUEST']);

    bff.kill('SIGTERM');
    assert.deepEqual(await bff.ended(), [0, null]);
    await assertJsonLines(bff);
  });

  it('has one entry for a crash also at level silent, in JSON lines from start to end', async () => {
    const options = { preload: FAIL_ON_MESSAGE };
    await using bff = await startProduction({ LOG_LEVEL: 'silent' }, options);
    await bff.post(TYPENAME);
    bff.send('reject');
    assert.deepEqual(await bff.ended(), [1, null]);
    assertOneCrash(bff.logEntries());
    await assertJsonLines(bff);
  });

  it('has one entry for a crash during a request, which is answered before the process ends with 1', async () => {
    await using bff = await startProduction({}, { preload: FAIL_ON_MESSAGE });
    const { control } = bff.services.lending;
    control.faults({ notices: { delayMs: 500 } });
    const inFlight = bff.post({ query: '{ notices { title } }' });
    await until(() => control.requests().routes.notices === 1);
    bff.send('throw');

    const { data } = await inFlight;
    assert.ok(data.notices.length > 0);
    assert.deepEqual(await bff.ended(), [1, null]);
    const crashed = assertOneCrash(bff.logEntries());
    const [completed] = await bff.find('request completed');
    assert.ok(crashed.time <= completed.time);
  });

  it('has a second entry for an error while a crashed process drains, which ends it at once', async () => {
    const options = { preload: FAIL_ON_MESSAGE };
    await using bff = await startProduction({ DRAIN_DELAY_MS: '60000' }, options);
    bff.send('throw');
    await bff.find('process crashed');
    bff.send('reject');
    assert.deepEqual(await bff.ended(), [1, null]);
    const errors = bff.logEntries().filter(({ msg }) => msg === 'process crashed');
    assert.deepEqual(
      errors.map(({ level, err }) => [level, err.message]),
      [
        [60, 'made to fail'],
        [60, 'made to fail'],
      ],
    );
  });

  it('has an entry for a rejection without a value, which ends the process with 1', async () => {
    await using bff = await startProduction({}, { preload: FAIL_ON_MESSAGE });
    bff.send('reject without a value');
    assert.deepEqual(await bff.ended(), [1, null]);
    assert.equal((await bff.find('process crashed')).length, 1);
  });

  it('has one entry, not one per check, while no file descriptors are left', {
    skip: process.platform === 'win32' && 'Windows has no such limit',
  }, async () => {
    const options = { preload: FAST_INTERVALS, shell: 'ulimit -n 64' };
    await using bff = await startProduction({}, options);
    const { port, hostname } = new URL(bff.endpoint);
    const sockets = Array.from({ length: 100 }, () => connect(Number(port), hostname));
    for (const socket of sockets) socket.on('error', () => {});
    const [entry] = await bff.find(NO_DESCRIPTORS);
    assert.equal(entry.level, 50);
    assert.equal(entry.code, 'EMFILE');
    const checks: number = await bff.request('checks');
    await until(async () => (await bff.request('checks')) > checks + 3);
    for (const socket of sockets) socket.destroy();
    await until(() => bff.post(TYPENAME).then(Boolean, () => false));
    assert.equal((await bff.find(NO_DESCRIPTORS)).length, 1);
  });
});

const startLibraryProcess = () =>
  startBffProcess(library, { env: { LOG_LEVEL: 'info', CORS_ORIGIN: 'https://a.example' } });

describe('The log of a BFF at level info', () => {
  let bff: Awaited<ReturnType<typeof startLibraryProcess>>;
  before(async () => {
    bff = await startLibraryProcess();
  });
  after(() => bff[Symbol.asyncDispose]());

  it('has a line about an unknown variable that resembles a known one, in development', async () => {
    const warnings = () => bff.logEntries().filter(({ level }) => level === 40);
    await until(() => warnings().length > 0);
    assert.deepEqual(
      warnings().map(({ msg, variable, similarTo }) => [msg, variable, similarTo]),
      [['unknown variable ignored', 'CORS_ORIGIN', 'CORS_ORIGINS']],
    );
  });

  it('has the hash, the viewer, the client, the trace and the upstream calls of each request', async () => {
    const query = 'query Home { home { member { name } loans { title } } }';
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
    const response = await fetch(bff.endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'apollographql-client-name': 'reading-app',
        'apollographql-client-version': '2.1',
        traceparent,
        ...(await authorization(CAST.reader)),
      },
      body: JSON.stringify({ query }),
    });
    await response.text();
    const completed = () => bff.logEntries().find(({ msg }) => msg === 'request completed');
    await until(() => completed() !== undefined);
    const line = completed();
    assert.equal(line.operationHash, documentHash(query).slice(0, 12));
    assert.equal(line.viewer, 'customer');
    assert.equal(line.req.client, 'reading-app');
    assert.equal(line.req.clientVersion, '2.1');
    assert.equal(line.status, 200);
    assert.equal(line.upstreamCalls, 2);
    assert.ok(line.upstreamMs > 0 && line.upstreamMs <= line.durationMs);
    assert.equal(line.traceId, '0af7651916cd43dd8448eb211c80319c');
    assert.doesNotMatch(JSON.stringify(line), new RegExp(`"${CAST.reader}"`));
  });

  it('has a line with status 499 for a client that leaves before its response', async () => {
    const { control } = bff.services.lending;
    const before = control.requests().recent.length;
    control.faults({ '*': { hang: true } });
    const leaving = new AbortController();
    const url = `${bff.endpoint}?query=${encodeURIComponent('query Left { notices { title } }')}`;
    const response = fetch(url, { signal: leaving.signal });
    await until(() => control.requests().recent.length > before);
    leaving.abort();
    await assert.rejects(response);
    const completed = () => bff.logEntries().find(({ operation }) => operation === 'Left');
    await until(() => completed() !== undefined);
    assert.equal(completed().status, 499);
    assert.equal(completed().upstreamCalls, 1);
  });
});
