import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { authorization } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';
import { PRODUCTION } from '../support/production.ts';
import { LOGIN } from '../support/session.ts';

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

const open = ({ url }: LibraryEnvironment, accept: string, method = 'GET') =>
  fetch(`${url}/`, { method, headers: { accept } });

/** Gets the page with a Host header that fetch would not send. */
function openWithHost(host: string, { url }: LibraryEnvironment) {
  return new Promise<string>((resolve, reject) => {
    const headers = { host, accept: 'text/html' };
    get(url, { headers }, (response) => resolve(text(response))).on('error', reject);
  });
}

describe('The start page', () => {
  let environment: LibraryEnvironment;
  before(async () => {
    environment = await startLibrary();
  });
  after(() => environment[Symbol.asyncDispose]());

  it('names the BFF, its endpoint, the explorer, an example and the docs to a browser', async () => {
    const response = await open(environment, BROWSER);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
    const html = await response.text();
    assert.match(html, new RegExp(`<title>Frontdesk: ${library.name}</title>`));
    assert.ok(html.includes(`<a href="/graphql">${environment.endpoint}</a>`));
    assert.ok(html.includes('<a href="/graphiql">/graphiql</a>'));
    assert.ok(html.includes(`curl -s ${environment.endpoint}`));
    assert.match(html, /docs\/errors\.md/);
    const login = `${LOGIN.PUBLIC_URL}/auth/login`;
    assert.ok(html.includes(`<a href="${login}">${login}</a>`));
  });

  it('has the same as JSON for other clients, with an example that works', async () => {
    const { endpoint } = environment;
    for (const accept of ['*/*', 'application/json', 'image/png']) {
      const response = await open(environment, accept);
      assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
      const page = (await response.json()) as Record<string, string>;
      assert.deepEqual(
        [page.name, page.endpoint, page.explorer, page.offlineExplorer],
        [library.name, endpoint, endpoint, `${environment.url}/graphiql`],
      );
      for (const path of ['README.md', 'docs/clients.md', 'docs/protocols.md'])
        assert.ok(page.docs?.includes(path), path);
      const { status, body } = await runExample(environment, page.example);
      assert.equal(status, 200);
      assert.equal(body.errors, undefined);
    }
  });

  it('allows no script, and no style but its own', async () => {
    const response = await open(environment, BROWSER);
    const html = await response.text();
    const [, style = ''] = /<style>(.*?)<\/style>/s.exec(html) ?? [];
    const digest = hash('sha256', style, 'base64');
    assert.equal(
      response.headers.get('content-security-policy'),
      `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.equal(response.headers.get('vary'), 'accept');
    assert.doesNotMatch(html, /<script| style=| on\w+=/);
  });

  it('responds to HEAD as to GET, without a body', async () => {
    const response = await open(environment, BROWSER, 'HEAD');
    assert.equal(response.status, 200);
    assert.equal(await response.text(), '');
  });

  it('has the Host of the request only if that is a valid host', async () => {
    const html = await openWithHost('evil"><script>alert(1)</script>', environment);
    assert.doesNotMatch(html, /evil|<script/);
    assert.match(html, new RegExp(environment.endpoint));
    const valid = await openWithHost('bff.example:8080', environment);
    assert.match(valid, /http:\/\/bff\.example:8080\/graphql/);
  });

  it('has an example by its id where only trusted operations are accepted', async () => {
    await using trusted = await startLibrary({ OPERATIONS: 'trusted' });
    const response = await open(trusted, 'application/json');
    const { example } = (await response.json()) as { example: string };
    assert.match(bodyOf(example), /^{"documentId":"[\da-f]{64}"}$/);
    const { status, body } = await runExample(trusted, example);
    assert.equal(status, 200);
    assert.equal(body.errors, undefined);
  });

  it('does not exist in production', async () => {
    await using production = await startLibrary(PRODUCTION);
    for (const accept of [BROWSER, 'application/json']) {
      const response = await open(production, accept);
      assert.equal(response.status, 404);
      const { errors } = (await response.json()) as { errors: { message: string }[] };
      assert.equal(errors[0]?.message, 'There is nothing here: the API is at /graphql.');
    }
  });
});

const bodyOf = (curl = ''): string => /-d '(.*)'$/s.exec(curl)?.[1] ?? '';

const runExample = async (environment: LibraryEnvironment, curl: string | undefined) =>
  environment.post(bodyOf(curl), await authorization(CAST.reader));
