import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type GraphQLSchema, parse, specifiedRules, validate } from 'graphql';
import type { BffDefinition } from '../../src/bff.ts';
import { buildSchema } from '../../src/server/build-schema.ts';
import { PRODUCTION } from '../support/production.ts';
import { BFFS } from './bffs.ts';
import { type HttpResponse, jsonPost, send } from './http-client.ts';
import { INTROSPECTIONS, INVALID_DOCUMENTS, type InvalidDocument } from './invalid-documents.ts';
import { shortOrFull } from './mode.ts';
import { assertErrorFormat, IMPLEMENTATION_DETAILS } from './responses.ts';
import { guessesFor, leakedNames, misspellingsOf, namesOf } from './schema-discovery.ts';
import { startTarget, type Target } from './target.ts';

/** Production, with any document, so that there is something to ask; and without limits of rate. */
const OPEN = {
  ...PRODUCTION,
  OPERATIONS: 'any',
  RATE_LIMIT_ADDRESS: '0',
  RATE_LIMIT_VIEWER: '0',
  LOG_LEVEL: 'silent',
};
/** Of each name's misspellings, how many are tried; and of how many names. */
const MISSPELLINGS = shortOrFull(1, 6);
const EVERY = shortOrFull(12, 1);

for (const bff of BFFS) {
  describe(`${bff.name}: someone who wants to know the schema, in production`, () => {
    const schema = buildSchema(bff);
    const names = namesOf(schema);
    let target: Target;
    before(async () => {
      target = await startTarget(bff, OPEN);
    });
    after(() => target[Symbol.asyncDispose]());

    const ask = (document: InvalidDocument): Promise<HttpResponse> =>
      send(jsonPost(target.endpoint, document));

    const leaksOf = ({ text }: HttpResponse, document: InvalidDocument): string[] =>
      leakedNames(text, JSON.stringify(document), names).map(
        (name) => `${name} from ${document.query}: ${text}`,
      );

    it('learns nothing by asking for it', async () => {
      for (const document of INTROSPECTIONS) {
        const received = await ask(document);
        const { status, text } = received;
        const what = `${document.query}: ${text}`;
        assert.ok(status >= 400 && status < 500, what);
        assert.equal(JSON.parse(text).data, undefined, what);
        assert.deepEqual(leaksOf(received, document), []);
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
      for (const document of INVALID_DOCUMENTS) {
        const received = await ask(document);
        if (received.status >= 400) assertErrorFormat(received, document.query);
        found.push(...leaksOf(received, document));
      }
      assert.deepEqual(found, []);
    });

    it('learns nothing by guessing, from names that are nearly right', async () => {
      const found: string[] = [];
      for (const query of guesses(names)) found.push(...leaksOf(await ask({ query }), { query }));
      assert.deepEqual(found.slice(0, 20), [], `${found.length} in all`);
    });

    it('learns no software, version, stack, path or address', async () => {
      const answers = await Promise.all([
        ...[...INVALID_DOCUMENTS, ...INTROSPECTIONS].map(ask),
        ask({ query: '{' }),
        ask({ query: '{ a(b: "\\u00") }' }),
        send(jsonPost(target.endpoint, '{"query":')),
        send(jsonPost(target.endpoint, '[]')),
        send({ method: 'PUT', url: target.endpoint }),
        send({
          method: 'POST',
          url: target.endpoint,
          headers: { 'content-type': 'a/b' },
          body: 'x',
        }),
        ...[
          '/',
          '/nothing',
          '/%',
          '/graphql/',
          '/.git/config',
          '/metrics',
          '/purge',
          '/healthz',
        ].map((path) => send({ url: target.url + path })),
      ]);
      for (const { text, headers } of answers) {
        assert.doesNotMatch(text, IMPLEMENTATION_DETAILS);
        assert.deepEqual(
          [headers.server, headers['x-powered-by'], headers.via],
          [undefined, undefined, undefined],
        );
      }
    });

    it('is shown no explorer', async () => {
      const { text, headers } = await send({
        url: target.endpoint,
        headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' },
      });
      assert.doesNotMatch(headers['content-type'] ?? '', /html/);
      assert.doesNotMatch(text, /<html|sandbox|explorer/i);
    });

    it('is told as little on every way', async () => {
      const query = '{ profil { nam } }';
      const answers = await Promise.all([
        send({ url: `${target.endpoint}?query=${encodeURIComponent(query)}` }),
        send(jsonPost(target.endpoint, { query }, { accept: 'application/graphql-response+json' })),
        send(jsonPost(target.endpoint, { query }, { accept: 'application/json' })),
      ]);
      for (const { text } of answers) {
        assert.deepEqual(leakedNames(text, query, names), [], text);
      }
    });
  });
}

describe('the tool that guesses schemas', () => {
  it('finds much of one that hides nothing, so that what it does not find is hidden', async () => {
    const bff = BFFS.find(({ name }) => name === 'web') as BffDefinition;
    const names = namesOf(buildSchema(bff));
    await using target = await startTarget(bff);
    const found = new Set<string>();
    for (const query of guesses(names)) {
      const { text } = await send(jsonPost(target.endpoint, { query }));
      for (const name of leakedNames(text, query, names)) found.add(name);
    }
    assert.ok(found.size > names.size / 10, `${found.size} of ${names.size}`);
  });
});

function guesses(names: ReadonlySet<string>): string[] {
  const tried = [...names].filter((_, n) => n % EVERY === 0);
  const words = tried.flatMap((name) => misspellingsOf(name).slice(0, MISSPELLINGS));
  return words.flatMap(guessesFor);
}

/** Whether some document breaks the rule of this name, if any can. */
function isBroken(schema: GraphQLSchema, name: string): boolean {
  if (name === 'SingleFieldSubscriptionsRule' && !schema.getSubscriptionType()) return true;
  const rules = specifiedRules.filter((rule) => rule.name === name);
  return INVALID_DOCUMENTS.some(({ query }) => validate(schema, parse(query), rules).length > 0);
}
