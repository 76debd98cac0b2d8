import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { CAST } from '../../services/support/cast.ts';
import { authorization } from '../support/environment.ts';
import { BFFS, casesFor } from './bffs.ts';
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

/** What Node takes as the head of a request, some of it being headers. */
const LONGEST_ADDRESS = 15_000;
// Ten times what is wanted: machines that run tests do other things as well.
const MOST_MS = 500;
const MOST_LAG_MS = 1_000;

for (const bff of BFFS) {
  describe(`${bff.name}: documents that cost more than they seem to`, () => {
    let target: Target;
    let headers: Headers;
    before(async () => {
      target = await startTarget(bff, { BATCH_MOST: '10' });
      headers = await authorization(CAST.customer);
      await TRANSPORTS.POST(target.endpoint, { query: '{ __typename }' }, headers);
    });
    after(() => target[Symbol.asyncDispose]());

    for (const attack of casesFor(bff, expensiveDocumentsFor(bff))) {
      it(`refuses ${attack.name}, the same on every way`, async (t) => {
        await target.metrics();
        const small = await overAll(attack, attack.small, t);
        for (const [way, received] of Object.entries(small)) {
          assert.deepEqual(codesOf(received), codesOf(small.POST), `${way} is as POST`);
        }
        await overAll(attack, attack.size, t);
        assert.equal(target.takeCallCount(), 0, 'nothing is asked of the services');
        await demandPromptness(t);
      });
    }

    it('still answers', async () => {
      assert.ok(target.isAlive());
      const { status } = await send(jsonPost(target.endpoint, { query: '{ __typename }' }));
      assert.equal(status, 200);
    });

    async function demandPromptness(t: TestContext) {
      const { lagMs } = (await target.metrics()) ?? { lagMs: 0 };
      if (isFull) t.diagnostic(`event loop held up for ${lagMs.toFixed(0)} ms at most`);
      assert.ok(lagMs < MOST_LAG_MS, `held up for ${lagMs} ms`);
    }

    async function overAll(
      { document, codes, ...rest }: ExpensiveDocument,
      size: number,
      t: TestContext,
    ) {
      const { variables, operationName } = rest;
      const asked: GraphqlRequest = { query: document(size), variables, operationName };
      const received = {} as Record<TransportName, HttpResponse>;
      for (const way of TRANSPORT_NAMES) {
        const answer = await TRANSPORTS[way](target.endpoint, asked, headers);
        const what = `${way} of ${size}`;
        received[way] = answer;
        report(t, way, answer);
        assertRejection(answer, what);
        if (isFull) assert.ok(answer.ms < MOST_MS, `${what}: ${answer.ms} ms`);
        if (way === 'GET' && urlOf(target.endpoint, asked).length > LONGEST_ADDRESS) continue;
        for (const code of codesOf(answer)) {
          assert.ok(codes.includes(code), `${what}: ${answer.text.slice(0, 500)}`);
          if (code === 'QUERY_TOO_COMPLEX') assertLimitReported(answer, what);
        }
      }
      // What was refused with its text is not to be had by its hash.
      const again = await TRANSPORTS.POST(target.endpoint, hashOnly(asked), headers);
      assertErrorFormat(again, 'by hash');
      const [code] = codesOf(again);
      assert.ok(code && [...codes, 'PERSISTED_QUERY_NOT_FOUND'].includes(code), again.text);
      return received;
    }
  });
}

function report(
  t: TestContext,
  way: string,
  { status, text, ms, sentBytes, ...rest }: HttpResponse,
) {
  if (!isFull) return;
  const [code] = codesOf({ ...rest, text });
  const size = Buffer.byteLength(text);
  t.diagnostic(`${way}: ${status} ${code}, ${ms.toFixed(1)} ms, ${sentBytes} bytes → ${size}`);
}
