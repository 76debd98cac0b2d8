import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Fault } from '../../services/support/faults.ts';
import type { Json } from '../support/environment.ts';
import { CAST } from '../support/fixture/cast.ts';
import { startLibrary } from '../support/fixture/environment.ts';
import { startResponseProxy } from './response-proxy.ts';
import { startUntrusted, type Untrusted } from './untrusted-process.ts';

/** Responses outside of the contract; `elsewhere` is the target of redirects. */
const UNTRUSTED: Readonly<Record<string, (elsewhere: string) => Fault>> = {
  'far over the size limit': () => ({ body: 'oversized' }),
  'without an end': () => ({ body: 'endless' }),
  'that decompresses to a thousand times its size': () => ({ body: 'gzipBomb' }),
  'shorter than its Content-Length': () => ({ body: 'wrongLength' }),
  'of HTML': () => ({ body: 'html' }),
  'that redirects': (location) => ({ body: 'redirect', location }),
  'of truncated JSON': () => ({ malformed: 'json' }),
  'of another shape': () => ({ malformed: 'shape' }),
  'of wrong types': () => ({ malformed: 'types' }),
  'that breaks off in the middle': () => ({ cutBody: 'reset' }),
};

const LOANS = '{ home { member { id name } loans(first: 2) { id title } activeCount } }';
const NOTICES = '{ home { member { id name } activeCount notices { id title } } }';
const createMutation = () => `mutation {
  renameMember(name: "Ada") { member { name } userErrors { code } }
  borrow(input: { idempotencyKey: "${randomUUID()}", title: "Emma" }) {
    loan { status } userErrors { code }
  }
}`;

interface Call {
  readonly createQuery: () => string;
  /** The viewer; that of a mutation sends no reads, whose data it changes. */
  readonly as: string;
  /** An operation of the lending service. */
  readonly operation: string;
  /** The field that it serves. */
  readonly path: string;
}

const CALLS: Readonly<Record<string, Call>> = {
  'a batched read': {
    createQuery: () => LOANS,
    as: CAST.otherReader,
    operation: 'loansByMembers',
    path: 'home.loans',
  },
  'an unbatched read': {
    createQuery: () => NOTICES,
    as: CAST.otherReader,
    operation: 'notices',
    path: 'home.notices',
  },
  'a mutation': {
    createQuery: createMutation,
    as: CAST.reader,
    operation: 'borrow',
    path: 'borrow',
  },
};

/** Text that would reveal the services: their addresses, calls, messages and errors. */
const TELLTALE =
  /127\.0\.0\.1|localhost|lending|loansByMembers|members=|Sign in|not_json|unexpected|polluted|bytes|JSON|gzip|ECONN|aborted|got\b/i;
/** Longer than one attempt takes (see untrusted-process.ts). */
const HANGING_TIMEOUT_MS = '3000';

const PARALLEL = 20;
const MEGABYTE = 1_048_576;
const MAX_GROWTH_BYTES = 50 * MEGABYTE;

describe('An untrusted upstream response', () => {
  let bff: Untrusted;
  let elsewhere: string;
  before(async () => {
    bff = await startUntrusted();
    elsewhere = `${bff.services.member.listeningOrigin}/members?search=redirected&limit=1`;
  });
  beforeEach(() => {
    for (const { control } of Object.values(bff.services)) {
      control.clear();
      control.reset();
    }
  });
  after(() => bff[Symbol.asyncDispose]());

  /** Sends the query of a call twice, without and with a fault, which must fail one field alone. */
  async function assertFailsField(
    { createQuery, as, operation, path }: Call,
    injectFault: () => void | Promise<void>,
    code: string,
    headers: Record<string, string> = {},
  ) {
    const intact = await bff.send(createQuery(), as);
    assert.deepEqual(intact.body.errors, undefined);
    await injectFault();

    const { status, body, requestId } = await bff.send(createQuery(), as, headers);

    assert.equal(status, 200);
    assert.deepEqual(body.data, without(intact.body.data, path.split('.')));
    const [error, ...others] = body.errors;
    assert.deepEqual(others, []);
    assert.equal(error.path.join('.'), path);
    assert.equal(error.extensions.code, code);
    assert.doesNotMatch(JSON.stringify(body.errors), TELLTALE);
    const entry = await bff.logEntryOf(requestId);
    assert.deepEqual([entry.upstream, entry.operation], ['lending', operation]);
  }

  for (const [name, call] of Object.entries(CALLS)) {
    const { createQuery, as, operation } = call;
    for (const [kind, faultOf] of Object.entries(UNTRUSTED)) {
      it(`${kind} fails only the field of ${name}, and only the log has the reason`, async () => {
        const { lending, member } = bff.services;
        const injectFault = () => lending.control.faults({ [operation]: faultOf(elsewhere) });
        await assertFailsField(call, injectFault, 'UPSTREAM_UNAVAILABLE');
        assert.equal(member.control.requests().routes.searchMembers, undefined);
      });
    }

    it(`with a key "__proto__" changes nothing of ${name}`, async () => {
      const intact = await bff.send(createQuery(), as);
      bff.services.lending.control.faults({ '*': { body: 'proto' } });
      const { body } = await bff.send(createQuery(), as);
      assert.deepEqual(body, intact.body);
      assert.equal((await bff.report()).polluted, null);
    });
  }

  it('that stops in the middle fails only the field of each call, and only the log has the reason', async () => {
    const calls = Object.values(CALLS);
    const { promise: injected, resolve } = Promise.withResolvers<void>();
    let intact = 0;
    const injectFaults = () => {
      if (++intact === calls.length) {
        const faults = calls.map(({ operation }) => [operation, { cutBody: 'hang' as const }]);
        bff.services.lending.control.faults(Object.fromEntries(faults));
        resolve();
      }
      return injected;
    };
    const headers = { 'x-request-timeout-ms': HANGING_TIMEOUT_MS };
    await Promise.all(
      calls.map((call) => assertFailsField(call, injectFaults, 'UPSTREAM_TIMEOUT', headers)),
    );
  });

  it('of 64 MB or more leaves the memory of the process small, one at a time and many at once', async () => {
    async function sendLoans(first: number, code: string | undefined) {
      const { body } = await bff.send(`{ home { loans(first: ${first}) { id } } }`, CAST.reader);
      assert.equal(body.errors?.[0].extensions.code, code);
    }
    /** Lists of different lengths share no call. */
    const sendParallel = (code: string | undefined) =>
      Promise.all(Array.from({ length: PARALLEL }, (_, n) => sendLoans(n + 1, code)));
    // Memory that many requests at once need anyway.
    for (let n = 0; n < PARALLEL; n++) await sendParallel(undefined);
    const { rss: before } = await bff.report();
    for (const body of ['oversized', 'endless', 'gzipBomb'] as const) {
      bff.services.lending.control.faults({ loansByMembers: { body } });
      for (let n = 0; n < PARALLEL; n++) await sendLoans(1, 'UPSTREAM_UNAVAILABLE');
      await sendParallel('UPSTREAM_UNAVAILABLE');
      const growth = (await bff.report()).rss - before;
      assert.ok(growth < MAX_GROWTH_BYTES, `${Math.round(growth / MEGABYTE)} MB after ${body}`);
    }
  });

  it('does not end the process', async () => {
    assert.deepEqual(await bff.end(), [0, null]);
  });
});

function without(data: Json, path: readonly string[]): Json {
  const [step = '', ...rest] = path;
  return { ...data, [step]: rest.length > 0 ? without(data[step], rest) : null };
}

/** The retry budget covers a halving for each ten calls. */
const CALLS_FOR_RETRY_BUDGET = 100;
const OWN_LOANS = '{ viewer { id loans(first: 1) { edges { node { id } } } } }';
/** One batch for the loans of each member. */
const LOANS_OF_MANY =
  '{ members(first: 8) { edges { node { id loans(first: 1) { edges { node { id } } } } } } }';

describe('A batch response', () => {
  it('with one malformed object fails only the key of that object', async () => {
    await using proxy = await startResponseProxy();
    await using environment = await startLibrary({ LENDING_SERVICE_URL: proxy.url });
    proxy.forwardTo(environment.services.lending.listeningOrigin);
    for (let n = 0; n < CALLS_FOR_RETRY_BUDGET; n++) {
      await environment.send(OWN_LOANS, { as: CAST.reader });
    }
    const { data: intact } = (await environment.send(LOANS_OF_MANY, { as: 'staff' })).body;
    const ids: string[] = intact.members.edges.map(({ node }: Json) => node.id);

    const batches: string[] = [];
    proxy.changeResponses((body, path) => {
      batches.push(path);
      const lists = body.lists.map((list: Json) =>
        list.memberId === ids[2] ? { ...list, loans: [{ id: 'half a loan' }] } : list,
      );
      return { body: { lists } };
    });
    const { body } = await environment.send(LOANS_OF_MANY, { as: 'staff' });

    assert.equal(batches[0], `/loans?members=${ids.join(',')}&limit=1`, 'all keys in one batch');
    assert.equal(batches.length, 7, 'then in halves of eight, of four and of two');
    const expected = structuredClone(intact);
    expected.members.edges[2].node.loans = null;
    assert.deepEqual(body.data, expected);
    assert.deepEqual(
      body.errors.map(({ path, extensions }: Json) => [path.join('.'), extensions.code]),
      [['members.edges.2.node.loans', 'UPSTREAM_UNAVAILABLE']],
    );
  });
});

describe('An upstream response that is JSON', () => {
  it('is refused unless its Content-Type is a JSON type', async () => {
    await using proxy = await startResponseProxy();
    await using environment = await startLibrary({ LENDING_SERVICE_URL: proxy.url });
    proxy.forwardTo(environment.services.lending.listeningOrigin);
    for (const contentType of ['text/html', 'text/plain; charset=utf-8', 'application/jsonp', '']) {
      proxy.changeResponses(() => ({ contentType }));
      const { body } = await environment.send(OWN_LOANS, { as: CAST.reader });
      assert.deepEqual(body.data, { viewer: { id: CAST.reader, loans: null } }, contentType);
      assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE', contentType);
    }
    for (const contentType of ['application/json;charset=utf-8', 'Application/vnd.loans.v1+JSON']) {
      proxy.changeResponses(() => ({ contentType }));
      const { body } = await environment.send(OWN_LOANS, { as: CAST.reader });
      assert.equal(body.errors, undefined, contentType);
    }
  });
});
