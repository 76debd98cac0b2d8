import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { issueBoundToken } from '../auth/bound-token.ts';
import { startBffProcess } from '../support/bff-process.ts';
import { createToken } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { until } from '../support/until.ts';

/** Values that must not be in any output, by where they come from. */
const CANARIES = {
  upstreamToken: 'canary-upstream-token-7f3a',
  signingKey: 'canary-signing-key-7f3a-with-at-least-32',
  edgePurgeToken: 'canary-edge-purge-token-7f3a',
  purgeSecret: 'canary-purge-secret-7f3a-with-at-least-32',
  redisPassword: 'canary-redis-password-7f3a',
  otlpHeader: 'canary-otlp-header-7f3a',
  wrongToken: 'canary-wrong-token-7f3a',
  apiKey: 'canary-api-key-7f3a',
  proof: 'canary-dpop-proof-7f3a',
  cookie: 'canary-cookie-7f3a',
  header: 'canary-header-7f3a',
  queryString: 'canary-query-7f3a',
  variable: 'canary-variable-7f3a',
  literal: 'canary-literal-7f3a',
  body: 'canary-body-7f3a',
  personalName: 'canary-name-7f3a',
};

const RENAME = 'mutation R($name: String!) { renameMember(name: $name) { member { name } } }';
const BORROW = 'mutation M($input: BorrowInput!) { borrow(input: $input) { loan { id } } }';

describe('The output of a process', () => {
  it('has none of the secrets and personal data of a busy run, at any log level', async () => {
    await using bff = await startBffProcess(library, {
      shell: 'exec 2>&1',
      env: {
        LOG_LEVEL: 'trace',
        UPSTREAM_TOKEN: CANARIES.upstreamToken,
        VIEWER_SIGNING_KEY: CANARIES.signingKey,
        PURGE_SECRET: CANARIES.purgeSecret,
        EDGE_PURGE_URL: 'http://127.0.0.1:1',
        EDGE_PURGE_TOKEN: CANARIES.edgePurgeToken,
        REDIS_URL: `redis://user:${CANARIES.redisPassword}@127.0.0.1:1`,
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
        OTEL_EXPORTER_OTLP_HEADERS: `authorization=${CANARIES.otlpHeader}`,
        OTEL_TRACES_SAMPLER: 'always_on',
      },
    });
    const token = await createToken(CAST.reader);
    const post = async (body: unknown, headers: Record<string, string> = {}) => {
      const response = await fetch(bff.endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      return response.text();
    };
    const mine = { authorization: `Bearer ${token}` };
    const card = { query: '{ home { member { name } loans { title } } }' };
    const { member, lending } = bff.services;

    await post(card, mine);
    await post(card, { authorization: `Bearer ${CANARIES.wrongToken}` });
    await post(card, { authorization: `Bearer ${token.slice(0, -8)}${CANARIES.wrongToken}` });
    await post(card, { 'x-api-key': CANARIES.apiKey, 'x-unknown': CANARIES.header });
    const bound = await issueBoundToken({ jkt: 'a'.repeat(43) });
    await post(card, { authorization: `DPoP ${bound}`, dpop: CANARIES.proof });
    await post(card, { cookie: `__Host-session=${CANARIES.cookie}` });
    await post({ query: `{ member(id: "${CANARIES.literal}") { name } }` }, mine);
    await post({ query: `{ member(id: ${CANARIES.literal}) { name } }` }, mine);
    const input = { idempotencyKey: CANARIES.variable, title: CANARIES.variable };
    await post({ query: BORROW, variables: { input } }, mine);
    await post({ query: BORROW, variables: { input: CANARIES.variable } }, mine);
    await post({ query: RENAME, variables: { name: CANARIES.personalName } }, mine);
    await post(card, mine);
    await post(`{"query": "${CANARIES.body}`, mine);
    await fetch(`${bff.endpoint}?query={__typename}&token=${CANARIES.queryString}`);
    await fetch(`${bff.url}/none?token=${CANARIES.queryString}`);
    await fetch(`${bff.adminUrl}/purge`, { method: 'POST', body: CANARIES.body });
    for (const fault of [
      { status: 500 },
      { malformed: 'json' },
      { malformed: 'types' },
      { reset: true },
    ] as const) {
      member.control.faults({ '*': fault });
      lending.control.faults({ '*': fault });
      await post(card, mine);
      await post({ query: BORROW, variables: { input } }, mine);
    }
    const isBusy = () =>
      bff.logEntries().filter(({ msg }) => msg === 'request completed').length >= 20;
    await until(isBusy);
    bff.kill('SIGTERM');
    await bff.ended();

    const output = bff.lines().join('\n');
    const found = Object.entries({ ...CANARIES, token, signature: token.split('.')[2] ?? token })
      .filter(([, canary]) => output.includes(canary))
      .map(([source]) => source);
    assert.deepEqual(found, []);
  });
});
