import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serverAudits } from 'graphql-http';
import { startEnvironment } from '../support/environment.ts';
import { BFFS } from './bffs.ts';
import { jsonPost, send } from './http-client.ts';
import { codesOf } from './responses.ts';

/** What is wrong with a document or its variables, and the code that it gets. */
const WRONG = {
  GRAPHQL_PARSE_FAILED: { query: '{' },
  GRAPHQL_VALIDATION_FAILED: { query: '{ nothing }' },
  BAD_USER_INPUT: { query: 'query ($a: Boolean!) { __typename @include(if: $a) }' },
};
/** The status for each of them, by what the client accepts. */
const STATUS = {
  'application/json': 200,
  'application/graphql-response+json': 400,
  'application/graphql-response+json, application/json;q=0.9': 400,
  '*/*': 400,
};
const TOO_MUCH = { query: `{ ${Array.from({ length: 200 }, (_, n) => `a${n}: __typename`)} }` };

describe('GraphQL over HTTP, by the audits of graphql-http', () => {
  for (const bff of BFFS) {
    it(`${bff.name} passes all of them in the development profile`, async (t) => {
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

    it(`${bff.name} answers a wrong document as the client's Accept says, and a limit with 4xx`, async () => {
      await using environment = await startEnvironment(bff);
      for (const [accept, status] of [...Object.entries(STATUS), [undefined, 400] as const]) {
        const headers = accept === undefined ? {} : { accept };
        for (const [code, asked] of Object.entries(WRONG)) {
          const answer = await send(jsonPost(environment.endpoint, asked, headers));
          assert.equal(answer.status, status, `${accept}: ${answer.text}`);
          assert.deepEqual(codesOf(answer), [code]);
          const isNew = accept?.startsWith('application/graphql-response+json');
          const type = isNew ? 'application/graphql-response+json' : 'application/json';
          assert.equal(answer.headers['content-type']?.split(';')[0], type);
        }
        const over = await send(jsonPost(environment.endpoint, TOO_MUCH, headers));
        assert.ok(over.status >= 400 && over.status < 500, `${accept}: ${over.text.slice(0, 200)}`);
        assert.deepEqual(codesOf(over), ['QUERY_TOO_COMPLEX']);
      }
    });
  }
});
