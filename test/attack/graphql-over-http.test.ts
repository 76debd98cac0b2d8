import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serverAudits } from 'graphql-http';
import { startEnvironment } from '../support/environment.ts';
import { BFFS } from './bffs.ts';
import { jsonPost, send } from './http-client.ts';
import { codesOf } from './responses.ts';

/** Requests with an invalid document or variable, by their error code. */
const INVALID_REQUESTS = {
  GRAPHQL_PARSE_FAILED: { query: '{' },
  GRAPHQL_VALIDATION_FAILED: { query: '{ nothing }' },
  BAD_USER_INPUT: { query: 'query ($a: Boolean!) { __typename @include(if: $a) }' },
};
/** The status of each of them, by the Accept header. */
const STATUS = {
  'application/json': 200,
  'application/graphql-response+json': 400,
  'application/graphql-response+json, application/json;q=0.9': 400,
  '*/*': 400,
};
const TOO_COMPLEX = {
  query: `{ ${Array.from({ length: 200 }, (_, n) => `a${n}: __typename`)} }`,
};

for (const bff of BFFS) {
  describe(`The ${bff.name} BFF`, () => {
    it('passes the GraphQL over HTTP audits of graphql-http in development', async (t) => {
      await using environment = await startEnvironment(bff, { NODE_ENV: 'development' });
      const audits = serverAudits({ url: environment.endpoint, fetchFn: fetch });
      const failed: string[] = [];
      for (const audit of audits) {
        const result = await audit.fn();
        if (result.status !== 'ok')
          failed.push(`${result.status} ${audit.id} ${result.name}: ${result.reason}`);
      }
      t.diagnostic(`${audits.length - failed.length} of ${audits.length} audits passed`);
      assert.deepEqual(failed, []);
    });

    it('chooses the status of an invalid document by the Accept header, and of a limit always 4xx', async () => {
      await using environment = await startEnvironment(bff);
      for (const [accept, status] of [...Object.entries(STATUS), [undefined, 400] as const]) {
        const headers = accept === undefined ? {} : { accept };
        for (const [code, request] of Object.entries(INVALID_REQUESTS)) {
          const response = await send(jsonPost(environment.endpoint, request, headers));
          assert.equal(response.status, status, `${accept}: ${response.text}`);
          assert.deepEqual(codesOf(response), [code]);
          const isNew = accept?.startsWith('application/graphql-response+json');
          const type = isNew ? 'application/graphql-response+json' : 'application/json';
          assert.equal(response.headers['content-type']?.split(';')[0], type);
        }
        const { text, ...rejected } = await send(
          jsonPost(environment.endpoint, TOO_COMPLEX, headers),
        );
        assert.ok(rejected.status >= 400 && rejected.status < 500, `${accept}: ${text}`);
        assert.deepEqual(codesOf({ text }), ['QUERY_TOO_COMPLEX']);
      }
    });
  });
}
