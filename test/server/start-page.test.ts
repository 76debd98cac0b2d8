import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { partner } from '../../bff-partner/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { authorization, type Environment, startEnvironment } from '../support/environment.ts';
import { PRODUCTION } from '../support/production.ts';

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

const open = ({ url }: Environment, accept: string, method = 'GET') =>
  fetch(`${url}/`, { method, headers: { accept } });

/** Requests the page with a Host header that fetch would not send. */
function openAs(host: string, { url }: Environment) {
  return new Promise<string>((resolve, reject) => {
    const headers = { host, accept: 'text/html' };
    get(url, { headers }, (response) => resolve(text(response))).on('error', reject);
  });
}

for (const bff of [web, mobile, partner]) {
  describe(`Start page of ${bff.name}`, () => {
    it('names the BFF, its endpoint, the explorer, an example and the docs to a browser', async () => {
      await using environment = await startEnvironment(bff);
      const response = await open(environment, BROWSER);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
      const html = await response.text();
      assert.match(html, new RegExp(`<title>Frontdesk: ${bff.name}</title>`));
      assert.ok(html.includes(`<a href="/graphql">${environment.endpoint}</a>`));
      assert.ok(html.includes(`curl -s ${environment.endpoint}`));
      assert.match(html, /docs\/errors\.md/);
    });

    it('returns the same as JSON to other clients, with an example that works', async () => {
      await using environment = await startEnvironment(bff);
      for (const accept of ['*/*', 'application/json', 'image/png']) {
        const response = await open(environment, accept);
        assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
        const { name, endpoint, explorer, example, docs } = (await response.json()) as Record<
          string,
          string
        >;
        assert.deepEqual(
          { name, endpoint, explorer },
          {
            name: bff.name,
            endpoint: environment.endpoint,
            explorer: environment.endpoint,
          },
        );
        assert.ok(docs?.includes('README.md'));
        const [, body = ''] = /-d '(.*)'$/s.exec(example ?? '') ?? [];
        const answer = await environment.post(body, await authorization(CAST.customer));
        assert.equal(answer.status, 200);
        assert.equal(answer.body.errors, undefined);
      }
    });
  });
}

describe('Start page', () => {
  it('allows no script and only its own style', async () => {
    await using environment = await startEnvironment(web);
    const { headers, ...page } = await openWhole(environment);
    const [, style = ''] = /<style>(.*?)<\/style>/s.exec(page.html) ?? [];
    const digest = hash('sha256', style, 'base64');
    assert.equal(
      headers.get('content-security-policy'),
      `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.equal(headers.get('vary'), 'accept');
    assert.doesNotMatch(page.html, /<script| style=| on\w+=/);
  });

  it('answers HEAD like GET, without a body', async () => {
    await using environment = await startEnvironment(web);
    const response = await open(environment, BROWSER, 'HEAD');
    assert.equal(response.status, 200);
    assert.equal(await response.text(), '');
  });

  it('shows nothing of an invalid Host header', async () => {
    await using environment = await startEnvironment(web);
    const html = await openAs('evil"><script>alert(1)</script>', environment);
    assert.doesNotMatch(html, /evil|<script/);
    assert.match(html, new RegExp(environment.endpoint));
    assert.match(
      await openAs('desk.example:8080', environment),
      /http:\/\/desk\.example:8080\/graphql/,
    );
  });

  it('shows an example by its id if only registered operations are accepted', async () => {
    await using environment = await startEnvironment(web, { OPERATIONS: 'trusted' });
    const response = await open(environment, 'application/json');
    const { example } = (await response.json()) as { example: string };
    const [, body = ''] = /-d '(.*)'$/s.exec(example) ?? [];
    assert.match(body, /^{"documentId":"[\da-f]{64}"}$/);
    const answer = await environment.post(body, await authorization(CAST.customer));
    assert.equal(answer.status, 200);
    assert.equal(answer.body.errors, undefined);
  });

  it('does not exist in production', async () => {
    await using environment = await startEnvironment(web, PRODUCTION);
    for (const accept of [BROWSER, 'application/json']) {
      const response = await open(environment, accept);
      assert.equal(response.status, 404);
      const { errors } = (await response.json()) as { errors: { message: string }[] };
      assert.equal(errors[0]?.message, 'There is nothing here: the API is at /graphql.');
    }
  });
});

async function openWhole(environment: Environment) {
  const response = await open(environment, BROWSER);
  return { headers: response.headers, html: await response.text() };
}
