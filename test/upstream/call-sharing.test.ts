import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Json } from '../support/environment.ts';
import { CAST } from '../support/fixture/cast.ts';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';
import { until } from '../support/until.ts';
import { sendBorrow } from './library-requests.ts';

describe('Identical reads without a batch form', () => {
  let environment: LibraryEnvironment;
  before(async () => {
    environment = await startLibrary();
  });
  beforeEach(() => environment.reset());
  after(() => environment[Symbol.asyncDispose]());

  const callsOf = (operation: string) =>
    environment.services.lending.control.requests().routes[operation] ?? 0;

  it('share one call while it is in flight', async () => {
    environment.services.lending.control.faults({ notices: { delayMs: 300 } });
    const responses = await Promise.all(
      Array.from({ length: 50 }, () => environment.send('{ notices { id } }')),
    );
    assert.ok(responses.every(({ body }) => body.data.notices.length === 12));
    assert.equal(callsOf('notices'), 1);
  });

  it('share no call between viewers or between languages', async () => {
    const pages = '{ viewer { loans(first: 1) { pageInfo { endCursor } } } }';
    const { body } = await environment.send(pages, { as: CAST.reader });
    const after: string = body.data.viewer.loans.pageInfo.endCursor;
    environment.reset();
    environment.services.lending.control.faults({ loansByMember: { delayMs: 300 } });
    const query = `{ viewer { loans(first: 2, after: "${after}") { edges { node { id } } } } }`;
    const send = (as: string, language: string) =>
      environment.send(query, { as, headers: { 'accept-language': language } });
    const responses = await Promise.all([
      send(CAST.reader, 'en'),
      send(CAST.reader, 'en'),
      send(CAST.reader, 'de'),
      send(CAST.otherReader, 'en'),
    ]);
    const ids = responses.map(({ body }) =>
      body.data.viewer.loans.edges.map(({ node }: Json) => node.id).join(),
    );
    assert.equal(ids[0], ids[1]);
    assert.notEqual(ids[0], ids[3]);
    assert.equal(callsOf('loansByMember'), 3);
  });

  it('share no call across a write', async () => {
    const recent = () => environment.send('{ recentLoans(first: 1) { status } }', { as: 'staff' });
    environment.services.lending.control.faults({ recentLoans: { delayMs: 500 } });
    const early = recent();
    await until(() => callsOf('recentLoans') === 1);
    assert.equal((await sendBorrow(environment)).body.errors, undefined);
    await Promise.all([early, recent()]);
    assert.equal(callsOf('recentLoans'), 2);
  });
});
