import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, it } from 'node:test';
import { library } from '../support/fixture/bff.ts';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';
import { PRODUCTION } from '../support/production.ts';

const FILES = ['graphiql.js', 'graphiql.css', 'sandbox-fallback.js'];

const get = ({ url }: LibraryEnvironment, path: string) => fetch(`${url}${path}`);

describe('The explorer', () => {
  it('allows its own scripts only, none of which is evaluated from a text', async () => {
    await using environment = await startLibrary({ SANDBOX_TOKEN: '</script><script>alert(1)' });
    const response = await get(environment, '/graphiql');
    const html = await response.text();
    const [inline = '', ...others] = [...html.matchAll(/<script>(.*?)<\/script>/gs)].map(
      ([, script = '']) => script,
    );
    assert.deepEqual(others, []);
    const digest = hash('sha256', inline, 'base64');
    assert.equal(
      response.headers.get('content-security-policy'),
      [
        "default-src 'none'",
        `script-src 'self' 'sha256-${digest}'`,
        "style-src 'self' 'unsafe-inline'",
        'img-src data:',
        'font-src data:',
        "connect-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
      ].join('; '),
    );
    assert.match(html, new RegExp(`<title>Frontdesk: ${library.name}, GraphiQL</title>`));
  });

  it('does not exist in production', async () => {
    await using environment = await startLibrary(PRODUCTION);
    for (const path of ['/graphiql', ...FILES.map((file) => `/graphiql/${file}`)]) {
      assert.equal((await get(environment, path)).status, 404, path);
    }
  });
});
