import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type GatedEnvironment, sendAll, startGatedEnvironment } from '../cache/environment.ts';
import type { Json } from '../support/environment.ts';
import { type LIBRARY_UPSTREAMS, library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { sendBorrow } from './library-requests.ts';

describe('Identical reads without a batch form', () => {
  let environment: GatedEnvironment<typeof LIBRARY_UPSTREAMS>;
  before(async () => {
    environment = await startGatedEnvironment(library, { CACHE_MEMORY_MB: '0' });
  });
  beforeEach(() => environment.reset());
  after(() => environment[Symbol.asyncDispose]());

  const callsOf = (operation: string) =>
    environment.services.lending.control.requests().routes[operation] ?? 0;

  it('share one call while it is in flight', async () => {
    const held = environment.gates.lending.hold(/^\/notices/);
    const { answers } = await sendAll(
      environment,
      ...Array.from({ length: 50 }, () => ({ query: '{ notices { id } }' })),
    );
    held.release();
    const responses = await answers;
    assert.ok(responses.every(({ body }) => body.data.notices.length === 12));
    assert.equal(callsOf('notices'), 1);
  });

  it('share no call between viewers or between languages', async () => {
    const pages = '{ viewer { loans(first: 1) { pageInfo { endCursor } } } }';
    const { body } = await environment.send(pages, { as: CAST.reader });
    const after: string = body.data.viewer.loans.pageInfo.endCursor;
    environment.reset();
    const held = environment.gates.lending.hold(/^\/loans/);
    const query = `{ viewer { loans(first: 2, after: "${after}") { edges { node { id } } } } }`;
    const queryIn = (as: string, language: string) => ({
      query,
      as,
      headers: { 'accept-language': language },
    });
    const { answers } = await sendAll(
      environment,
      queryIn(CAST.reader, 'en'),
      queryIn(CAST.reader, 'en'),
      queryIn(CAST.reader, 'de'),
      queryIn(CAST.otherReader, 'en'),
    );
    held.release();
    const responses = await answers;
    const ids = responses.map(({ body }) =>
      body.data.viewer.loans.edges.map(({ node }: Json) => node.id).join(),
    );
    assert.equal(ids[0], ids[1]);
    assert.notEqual(ids[0], ids[3]);
    assert.equal(callsOf('loansByMember'), 3);
  });

  it('share no call across a write', async () => {
    const recent = () => environment.send('{ recentLoans(first: 1) { status } }', { as: 'staff' });
    const held = environment.gates.lending.hold(/^\/loans\?recent/);
    const early = recent();
    await held.reaches(1);
    assert.equal((await sendBorrow(environment)).body.errors, undefined);
    const late = recent();
    await held.reaches(2);
    held.release();
    await Promise.all([early, late]);
    assert.equal(callsOf('recentLoans'), 2);
  });
});
