import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type GraphQLSchema, parse, specifiedRules, validate } from 'graphql';
import { library } from '../support/fixture/bff.ts';
import { PRODUCTION } from '../support/production.ts';
import { BFFS } from './bffs.ts';
import { type HttpResponse, jsonPost, send } from './http-client.ts';
import {
  INTROSPECTION_DOCUMENTS,
  type InvalidDocument,
  invalidDocumentsFor,
} from './invalid-documents.ts';
import { shortOrFull } from './mode.ts';
import { assertErrorFormat, IMPLEMENTATION_DETAILS } from './responses.ts';
import { guessesFor, leakedNames, misspellingsOf, namesOf } from './schema-discovery.ts';
import { type SchemaSamples, samplesOf } from './schema-samples.ts';
import { startTarget, type Target } from './target.ts';

/** Production that accepts any document, without rate limits. */
const ENV = {
  ...PRODUCTION,
  OPERATIONS: 'any',
  RATE_LIMIT_ADDRESS: '0',
  RATE_LIMIT_VIEWER: '0',
  LOG_LEVEL: 'silent',
};
const MISSPELLINGS_PER_NAME = shortOrFull(1, 6);
/** Every n-th name of the schema is guessed. */
const NAME_INTERVAL = shortOrFull(12, 1);
const PATHS = [
  '/',
  '/nothing',
  '/%',
  '/graphql/',
  '/.git/config',
  '/metrics',
  '/purge',
  '/healthz',
];

for (const bff of BFFS) {
  describe(`The ${bff.name} BFF in production`, () => {
    const samples = samplesOf(bff);
    const names = namesOf(samples.schema);
    const invalidDocuments = invalidDocumentsFor(samples);
    let target: Target;
    before(async () => {
      target = await startTarget(bff, ENV);
    });
    after(() => target[Symbol.asyncDispose]());

    const post = (document: InvalidDocument): Promise<HttpResponse> =>
      send(jsonPost(target.endpoint, document));

    const leaksOf = ({ text }: HttpResponse, document: InvalidDocument): string[] =>
      leakedNames(text, JSON.stringify(document), names).map(
        (name) => `${name} from ${document.query}: ${text}`,
      );

    it('rejects introspection and reveals no name', async () => {
      for (const document of INTROSPECTION_DOCUMENTS) {
        const response = await post(document);
        const { status, text } = response;
        const what = `${document.query}: ${text}`;
        assert.ok(status >= 400 && status < 500, what);
        assert.equal(JSON.parse(text).data, undefined, what);
        assert.deepEqual(leaksOf(response, document), []);
      }
    });

    it('reveals no name in the errors of any validation rule', async () => {
      const untested = specifiedRules.filter(
        ({ name }) => !isBroken(name, samples.schema, invalidDocuments),
      );
      assert.deepEqual(
        untested.map(({ name }) => name),
        [],
        'rules that no document breaks',
      );
      const found: string[] = [];
      for (const document of invalidDocuments) {
        const response = await post(document);
        if (response.status >= 400) assertErrorFormat(response, document.query);
        found.push(...leaksOf(response, document));
      }
      assert.deepEqual(found, []);
    });

    it('suggests no name for a misspelling', async () => {
      const found: string[] = [];
      for (const query of guesses(names, samples)) {
        found.push(...leaksOf(await post({ query }), { query }));
      }
      assert.deepEqual(found.slice(0, 20), [], `${found.length} in total`);
    });

    it('reveals no software, version, stack, path or address', async () => {
      const responses = await Promise.all([
        ...[...invalidDocuments, ...INTROSPECTION_DOCUMENTS].map(post),
        post({ query: '{' }),
        post({ query: '{ a(b: "\\u00") }' }),
        send(jsonPost(target.endpoint, '{"query":')),
        send(jsonPost(target.endpoint, '[]')),
        send({ method: 'PUT', url: target.endpoint }),
        send({
          method: 'POST',
          url: target.endpoint,
          headers: { 'content-type': 'a/b' },
          body: 'x',
        }),
        ...PATHS.map((path) => send({ url: target.url + path })),
      ]);
      for (const { text, headers } of responses) {
        assert.doesNotMatch(text, IMPLEMENTATION_DETAILS);
        assert.deepEqual(
          [headers.server, headers['x-powered-by'], headers.via],
          [undefined, undefined, undefined],
        );
      }
    });

    it('serves no explorer', async () => {
      const { text, headers } = await send({
        url: target.endpoint,
        headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' },
      });
      assert.doesNotMatch(headers['content-type'] ?? '', /html/);
      assert.doesNotMatch(text, /<html|sandbox|explorer/i);
    });

    it('suggests no name over GET, or with another Accept header', async () => {
      const { field, leaf } = samples.lookup;
      const query = `{ ${field.slice(0, -1)} { ${leaf.slice(0, -1)} } }`;
      const responses = await Promise.all([
        send({ url: `${target.endpoint}?query=${encodeURIComponent(query)}` }),
        send(jsonPost(target.endpoint, { query }, { accept: 'application/graphql-response+json' })),
        send(jsonPost(target.endpoint, { query }, { accept: 'application/json' })),
      ]);
      for (const { text } of responses) {
        assert.deepEqual(leakedNames(text, query, names), [], text);
      }
    });
  });
}

describe('The schema guesser of these tests', () => {
  it('finds names of a BFF that does not hide them', async () => {
    const samples = samplesOf(library);
    const names = namesOf(samples.schema);
    await using target = await startTarget(library);
    const found = new Set<string>();
    for (const query of guesses(names, samples)) {
      const { text } = await send(jsonPost(target.endpoint, { query }));
      for (const name of leakedNames(text, query, names)) found.add(name);
    }
    assert.ok(found.size > names.size / 10, `${found.size} of ${names.size}`);
  });
});

function guesses(names: ReadonlySet<string>, samples: SchemaSamples): string[] {
  const selected = [...names].filter((_, n) => n % NAME_INTERVAL === 0);
  const words = selected.flatMap((name) => misspellingsOf(name).slice(0, MISSPELLINGS_PER_NAME));
  return words.flatMap((word) => guessesFor(word, samples));
}

/** True if one of the documents breaks the rule, or none can. */
function isBroken(
  ruleName: string,
  schema: GraphQLSchema,
  documents: readonly InvalidDocument[],
): boolean {
  if (ruleName === 'SingleFieldSubscriptionsRule' && !schema.getSubscriptionType()) return true;
  const rules = specifiedRules.filter(({ name }) => name === ruleName);
  return documents.some(({ query }) => validate(schema, parse(query), rules).length > 0);
}
