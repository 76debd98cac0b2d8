import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import spectral from '@stoplight/spectral-core';
import { oas } from '@stoplight/spectral-rulesets';
import { Ajv2020 } from 'ajv/dist/2020.js';
import createFetchClient from 'openapi-fetch';
import { mobile } from '../../../bff-mobile/bff.ts';
import { partner } from '../../../bff-partner/bff.ts';
import { web } from '../../../bff-web/bff.ts';
import { CAST } from '../../../services/support/cast.ts';
import {
  authorization,
  type Environment,
  type Json,
  startEnvironment,
} from '../../support/environment.ts';
import { PRODUCTION, UNREACHABLE_UPSTREAMS } from '../../support/production.ts';
import type { paths as MobilePaths } from './generated/mobile.ts';
import type { paths as PartnerPaths } from './generated/partner.ts';
import { rest } from './rest-client.ts';

const ROOT = new URL('../../../', import.meta.url);
const REDOCLY = new URL('node_modules/@redocly/cli/bin/cli.js', ROOT).pathname;
/** Keep it from the network. */
const OFFLINE = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };

const documentOf = async (environment: Environment): Promise<Json> =>
  (await rest(environment, 'GET /openapi.json')).body;

/** A fetch that checks every response against the document, and collects the operations. */
function createCheckedFetch(document: Json) {
  const called = new Set<string>();
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, 'api');

  async function checkedFetch(request: Request): Promise<Response> {
    const response = await fetch(request);
    const { operationId, responses } = operationOf(document, request);
    called.add(operationId);
    const described = responses[response.status] ?? responses.default;
    const { content } = described.$ref ? resolve(document, described.$ref) : described;
    const [type = ''] = (response.headers.get('content-type') ?? '').split(';');
    assert.ok(content[type], `${operationId} ${response.status}: ${type}`);
    const validate = ajv.compile({ ...content[type].schema, components: document.components });
    const body = await response.clone().json();
    assert.ok(validate(body), `${operationId}: ${ajv.errorsText(validate.errors)}`);
    assertAllDescribed(body, content[type].schema, document, operationId);
    return response;
  }
  return { checkedFetch, called };
}

/** The document allows more members than it describes, so that a new one breaks no client. */
function assertAllDescribed(value: Json, schema: Json, document: Json, path: string): void {
  const { properties, items, $ref } = schema;
  if ($ref) {
    assertAllDescribed(value, resolve(document, $ref), document, path);
  } else if (Array.isArray(value)) {
    for (const item of value) assertAllDescribed(item, items, document, `${path}[]`);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      assert.ok(properties?.[name], `${path}.${name} is described`);
      assertAllDescribed(member, properties[name], document, `${path}.${name}`);
    }
  }
}

const resolve = (document: Json, ref: string): Json =>
  ref
    .slice(2)
    .split('/')
    .reduce((value, name) => value[name], document);

function operationOf({ paths }: Json, { method, url }: Request): Json {
  const { pathname } = new URL(url);
  const matches = Object.keys(paths).filter((path) =>
    new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname),
  );
  // A path without variables comes before one with them.
  return paths[matches.sort().at(0) ?? '']?.[method.toLowerCase()];
}

const operationIds = ({ paths }: Json): string[] =>
  Object.values(paths)
    .flatMap((operations) => Object.values(operations as Json))
    .map((operation) => (operation as Json).operationId);

for (const bff of [mobile, partner]) {
  describe(`The OpenAPI document of the ${bff.name} BFF`, () => {
    let environment: Environment;
    before(async () => {
      environment = await startEnvironment(bff);
    });
    after(() => environment[Symbol.asyncDispose]());

    it('passes the linter of Redocly', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'openapi-'));
      try {
        const file = join(folder, 'openapi.json');
        await writeFile(file, JSON.stringify(await documentOf(environment)));
        const args = [REDOCLY, 'lint', '--extends', 'recommended-strict', file];
        const env = { ...process.env, ...OFFLINE };
        const { stderr } = await promisify(execFile)(process.execPath, args, { env, cwd: folder });
        assert.match(stderr, /is valid/);
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    it('passes the linter of Spectral', async () => {
      const linter = new spectral.Spectral();
      linter.setRuleset({ extends: [[oas as never, 'recommended']] });
      const faults = await linter.run(await documentOf(environment));
      assert.deepEqual(
        faults.map(({ code, message, path }) => `${path.join('.')}: ${message} (${code})`),
        [],
      );
    });

    it('is not sent again to a client that has it', async () => {
      const { headers } = await rest(environment, 'GET /openapi.json');
      const conditional = { 'if-none-match': headers.get('etag') ?? '' };
      const { status } = await rest(environment, 'GET /openapi.json', { headers: conditional });
      assert.equal(status, 304);
    });

    it('can be browsed on a page that loads everything from this server', async () => {
      const page = await fetch(`${environment.url}/docs`);
      const html = await page.text();
      const policy = page.headers.get('content-security-policy') ?? '';
      assert.match(policy, /default-src 'none'; script-src 'self' 'sha256-[\w+/]+=*';/);
      // The icon is empty, so that browsers request none.
      const urls = [...html.matchAll(/(?:src|href)="(?!data:,")([^"]+)"/g)].map(
        ([, url = '']) => url,
      );
      assert.deepEqual(urls, ['/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js']);
      for (const url of urls) {
        const asset = await fetch(environment.url + url);
        assert.equal(asset.status, 200);
        assert.match(asset.headers.get('content-type') ?? '', /^text\/(css|javascript)/);
        assert.ok((await asset.text()).length > 100_000);
      }
    });

    it('is served in production, without the page', async () => {
      await using production = await startEnvironment(bff, {
        ...PRODUCTION,
        ...UNREACHABLE_UPSTREAMS,
      });
      assert.equal((await rest(production, 'GET /openapi.json')).status, 200);
      assert.equal((await rest(production, 'GET /docs')).status, 404);
    });
  });
}

describe('A BFF without REST endpoints', () => {
  it('has no OpenAPI document', async () => {
    await using environment = await startEnvironment(web);
    assert.equal((await rest(environment, 'GET /openapi.json')).status, 404);
  });
});

describe('A client that is generated from the OpenAPI document', () => {
  it('calls every endpoint of the mobile BFF', async () => {
    await using environment = await startEnvironment(mobile);
    const document = await documentOf(environment);
    const { checkedFetch, called } = createCheckedFetch(document);
    const api = createFetchClient<MobilePaths>({ baseUrl: environment.url, fetch: checkedFetch });
    const headers = await authorization(CAST.customer);

    const { data: dashboard } = await api.GET('/dashboard', { headers });
    assert.equal(dashboard?.user?.name, 'Amara Okafor');
    assert.equal(dashboard?.orders?.at(0)?.total.currency, 'GBP');

    const params = { path: { id: CAST.otherCustomer } };
    const { data: profile } = await api.GET('/profiles/{id}', { params });
    assert.equal(profile?.name, 'Mateo Fernández');

    environment.services.order.control.faults({ '*': { status: 503 } });
    const { data: partial } = await api.GET('/dashboard', { headers });
    assert.deepEqual(
      partial?.errors?.map(({ pointer }) => pointer),
      ['#/orders'],
    );
    const { error } = await api.GET('/dashboard');
    assert.equal(error?.code, 'UNAUTHENTICATED');
    assert.deepEqual([...called].sort(), operationIds(document).sort());
  });

  it('calls every endpoint of the partner BFF', async () => {
    await using environment = await startEnvironment(partner);
    const document = await documentOf(environment);
    const { checkedFetch, called } = createCheckedFetch(document);
    const headers = await authorization(CAST.customer);
    const api = createFetchClient<PartnerPaths>({
      baseUrl: environment.url,
      fetch: checkedFetch,
      headers,
    });

    const { data: me } = await api.GET('/v1/me');
    assert.equal(me?.user?.email, 'amara.okafor42@example.org');

    const query = { first: 2, status: 'DELIVERED' } as const;
    const { data: page } = await api.GET('/v1/orders', { params: { query } });
    assert.equal(page?.orders?.orders.length, 2);

    const { data: placed } = await api.POST('/v1/orders', {
      params: { header: { 'Idempotency-Key': 'openapi-1' } },
      body: { currency: 'EUR', items: [{ sku: 'PAPER-NOTE', quantity: 2 }] },
    });
    const id = placed?.order?.id ?? '';
    const params = { path: { id } };
    const { data: order } = await api.GET('/v1/orders/{id}', { params });
    assert.equal(order?.status, 'PLACED');

    const { data: cancelled } = await api.POST('/v1/orders/{id}/cancel', { params });
    assert.equal(cancelled?.order?.status, 'CANCELLED');

    const { data: recent } = await api.GET('/v1/recent-orders', {
      params: { query: { first: 1 } },
      headers: await authorization('staff'),
    });
    assert.deepEqual(
      recent?.recentOrders?.map((order) => order.id),
      [id],
    );

    const { error, response } = await api.GET('/v1/orders/{id}', {
      params: { path: { id: '999999999' } },
    });
    assert.deepEqual([response.status, error?.code], [404, 'NOT_FOUND']);
    const faulty = await api.GET('/v1/orders', { params: { query: { first: 1.5 } } });
    assert.equal(faulty.error?.errors?.at(0)?.parameter, 'first');
    assert.deepEqual([...called].sort(), operationIds(document).sort());
  });
});
