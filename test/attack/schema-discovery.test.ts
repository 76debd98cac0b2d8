import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type GraphQLSchema, parse, specifiedRules, validate } from 'graphql';
import type { BffDefinition } from '../../src/bff.ts';
import { buildSchema } from '../../src/server/build-schema.ts';
import { PRODUCTION } from '../support/production.ts';
import { BFFS } from './bffs.ts';
import { posted, type Received, send } from './http-client.ts';
import { type Breaker, INTROSPECTIONS, RULE_BREAKERS } from './invalid-documents.ts';
import { pick } from './mode.ts';
import { demandForm, MACHINERY } from './responses.ts';
import { guessesFor, learntFrom, namesOf, nearlyRight } from './schema-discovery.ts';
import { type Desk, startDesk } from './target.ts';

/** Production, with any document, so that there is something to ask; and without limits of rate. */
const OPEN = {
  ...PRODUCTION,
  OPERATIONS: 'any',
  RATE_LIMIT_ADDRESS: '0',
  RATE_LIMIT_VIEWER: '0',
  LOG_LEVEL: 'silent',
};
/** Of each name's misspellings, how many are tried; and of how many names. */
const MISSPELLINGS = pick(1, 6);
const EVERY = pick(12, 1);

for (const bff of BFFS) {
  describe(`${bff.name}: someone who wants to know the schema, in production`, () => {
    const schema = buildSchema(bff);
    const names = namesOf(schema);
    let desk: Desk;
    before(async () => {
      desk = await startDesk(bff, OPEN);
    });
    after(() => desk[Symbol.asyncDispose]());

    const ask = (breaker: Breaker): Promise<Received> => send(posted(desk.endpoint, breaker));

    const learnt = ({ text }: Received, breaker: Breaker): string[] =>
      learntFrom(text, JSON.stringify(breaker), names).map(
        (name) => `${name} from ${breaker.query}: ${text}`,
      );

    it('learns nothing by asking for it', async () => {
      for (const breaker of INTROSPECTIONS) {
        const received = await ask(breaker);
        const { status, text } = received;
        const what = `${breaker.query}: ${text}`;
        assert.ok(status >= 400 && status < 500, what);
        assert.equal(JSON.parse(text).data, undefined, what);
        assert.deepEqual(learnt(received, breaker), []);
      }
    });

    it('learns nothing by breaking each rule that there is', async () => {
      const rules = specifiedRules.filter(({ name }) => !isBroken(schema, name));
      assert.deepEqual(
        rules.map(({ name }) => name),
        [],
        'each rule is broken by some document',
      );
      const found: string[] = [];
      for (const breaker of RULE_BREAKERS) {
        const received = await ask(breaker);
        if (received.status >= 400) demandForm(received, breaker.query);
        found.push(...learnt(received, breaker));
      }
      assert.deepEqual(found, []);
    });

    it('learns nothing by guessing, from names that are nearly right', async () => {
      const found: string[] = [];
      for (const query of guesses(names)) found.push(...learnt(await ask({ query }), { query }));
      assert.deepEqual(found.slice(0, 20), [], `${found.length} in all`);
    });

    it('learns no software, version, stack, path or address', async () => {
      const answers = await Promise.all([
        ...[...RULE_BREAKERS, ...INTROSPECTIONS].map(ask),
        ask({ query: '{' }),
        ask({ query: '{ a(b: "\\u00") }' }),
        send(posted(desk.endpoint, '{"query":')),
        send(posted(desk.endpoint, '[]')),
        send({ method: 'PUT', url: desk.endpoint }),
        send({ method: 'POST', url: desk.endpoint, headers: { 'content-type': 'a/b' }, body: 'x' }),
        ...[
          '/',
          '/nothing',
          '/%',
          '/graphql/',
          '/.git/config',
          '/metrics',
          '/purge',
          '/healthz',
        ].map((path) => send({ url: desk.url + path })),
      ]);
      for (const { text, headers } of answers) {
        assert.doesNotMatch(text, MACHINERY);
        assert.deepEqual(
          [headers.server, headers['x-powered-by'], headers.via],
          [undefined, undefined, undefined],
        );
      }
    });

    it('is shown no explorer', async () => {
      const { text, headers } = await send({
        url: desk.endpoint,
        headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' },
      });
      assert.doesNotMatch(headers['content-type'] ?? '', /html/);
      assert.doesNotMatch(text, /<html|sandbox|explorer/i);
    });

    it('is told as little on every way', async () => {
      const query = '{ profil { nam } }';
      const answers = await Promise.all([
        send({ url: `${desk.endpoint}?query=${encodeURIComponent(query)}` }),
        send(posted(desk.endpoint, { query }, { accept: 'application/graphql-response+json' })),
        send(posted(desk.endpoint, { query }, { accept: 'application/json' })),
      ]);
      for (const { text } of answers) {
        assert.deepEqual(learntFrom(text, query, names), [], text);
      }
    });
  });
}

describe('the tool that guesses schemas', () => {
  it('finds much of one that hides nothing, so that what it does not find is hidden', async () => {
    const bff = BFFS.find(({ name }) => name === 'web') as BffDefinition;
    const names = namesOf(buildSchema(bff));
    await using desk = await startDesk(bff);
    const found = new Set<string>();
    for (const query of guesses(names)) {
      const { text } = await send(posted(desk.endpoint, { query }));
      for (const name of learntFrom(text, query, names)) found.add(name);
    }
    assert.ok(found.size > names.size / 10, `${found.size} of ${names.size}`);
  });
});

function guesses(names: ReadonlySet<string>): string[] {
  const tried = [...names].filter((_, n) => n % EVERY === 0);
  const words = tried.flatMap((name) => nearlyRight(name).slice(0, MISSPELLINGS));
  return words.flatMap(guessesFor);
}

/** Whether some document breaks the rule of this name, if any can. */
function isBroken(schema: GraphQLSchema, name: string): boolean {
  if (name === 'SingleFieldSubscriptionsRule' && !schema.getSubscriptionType()) return true;
  const rules = specifiedRules.filter((rule) => rule.name === name);
  return RULE_BREAKERS.some(({ query }) => validate(schema, parse(query), rules).length > 0);
}
