import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { authorization } from '../support/environment.ts';
import { BFFS, casesFor, USER_ID } from './bffs.ts';
import { type ExpensiveDocument, expensiveDocumentsFor } from './expensive-documents.ts';
import { type HttpResponse, jsonPost, send } from './http-client.ts';
import { isFull } from './mode.ts';
import { assertErrorFormat, assertLimitReported, assertRejection, codesOf } from './responses.ts';
import { startTarget, type Target } from './target.ts';
import {
  type GraphqlRequest,
  type Headers,
  hashOnly,
  TRANSPORT_NAMES,
  TRANSPORTS,
  type TransportName,
  urlOf,
} from './transports.ts';

/** Node's limit for the head of a request, less the headers. */
const MAX_URL_LENGTH = 15_000;
// Ten times the wanted values: machines that run tests are shared.
const MAX_RESPONSE_MS = 500;
const MAX_EVENT_LOOP_DELAY_MS = 1_000;

for (const bff of BFFS) {
  describe(`The ${bff.name} BFF`, () => {
    let target: Target;
    let headers: Headers;
    before(async () => {
      target = await startTarget(bff, { BATCH_MAX_OPERATIONS: '10' });
      headers = await authorization(USER_ID);
      await TRANSPORTS.POST(target.endpoint, { query: '{ __typename }' }, headers);
    });
    after(() => target[Symbol.asyncDispose]());

    for (const document of casesFor(bff, expensiveDocumentsFor(bff))) {
      it(`rejects ${document.name}, over every transport`, async (t) => {
        await target.metrics();
        const small = await sendOverAll(document, document.smallSize, t);
        for (const [transport, response] of Object.entries(small)) {
          assert.deepEqual(
            codesOf(response),
            codesOf(small.POST),
            `${transport} differs from POST`,
          );
        }
        await sendOverAll(document, document.size, t);
        assert.equal(target.takeCallCount(), 0, 'calls of the services');
        await assertResponsive(t);
      });
    }

    it('responds after the expensive documents', async () => {
      assert.ok(target.isAlive());
      const { status } = await send(jsonPost(target.endpoint, { query: '{ __typename }' }));
      assert.equal(status, 200);
    });

    async function assertResponsive(t: TestContext) {
      const { lagMs } = (await target.metrics()) ?? { lagMs: 0 };
      if (isFull) t.diagnostic(`maximum event loop delay: ${lagMs.toFixed(0)} ms`);
      assert.ok(lagMs < MAX_EVENT_LOOP_DELAY_MS, `event loop delay of ${lagMs} ms`);
    }

    async function sendOverAll(
      { document, codes, variables, operationName }: ExpensiveDocument,
      size: number,
      t: TestContext,
    ) {
      const request: GraphqlRequest = { query: document(size), variables, operationName };
      const responses = {} as Record<TransportName, HttpResponse>;
      for (const transport of TRANSPORT_NAMES) {
        const response = await TRANSPORTS[transport](target.endpoint, request, headers);
        const what = `${transport} of ${size}`;
        responses[transport] = response;
        report(t, transport, response);
        assertRejection(response, what);
        if (isFull) assert.ok(response.ms < MAX_RESPONSE_MS, `${what}: ${response.ms} ms`);
        const isTooLong = urlOf(target.endpoint, request).length > MAX_URL_LENGTH;
        if (transport === 'GET' && isTooLong) continue;
        for (const code of codesOf(response)) {
          assert.ok(codes.includes(code), `${what}: ${response.text.slice(0, 500)}`);
          if (code === 'QUERY_TOO_COMPLEX') assertLimitReported(response, what);
        }
      }
      // A rejected document must not be stored under its hash.
      const again = await TRANSPORTS.POST(target.endpoint, hashOnly(request), headers);
      assertErrorFormat(again, 'by hash');
      const [code] = codesOf(again);
      assert.ok(code && [...codes, 'PERSISTED_QUERY_NOT_FOUND'].includes(code), again.text);
      return responses;
    }
  });
}

function report(
  t: TestContext,
  transport: string,
  { status, text, ms, sentBytes }: HttpResponse,
): void {
  if (!isFull) return;
  const [code] = codesOf({ text });
  const size = Buffer.byteLength(text);
  t.diagnostic(
    `${transport}: ${status} ${code}, ${ms.toFixed(1)} ms, ${sentBytes} bytes → ${size}`,
  );
}
