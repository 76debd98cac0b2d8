import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { authorization } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';
import { PRODUCTION } from '../support/production.ts';

interface SandboxConfig {
  readonly initialEndpoint: string;
  readonly runTelemetry: boolean;
  readonly initialState: {
    readonly document: string;
    readonly headers?: Readonly<Record<string, string>>;
  };
}

const openInBrowser = ({ endpoint }: LibraryEnvironment) =>
  fetch(endpoint, { headers: { accept: 'text/html' } });

/** Runs the inline script of the page as a browser would, and returns what it passes to the Sandbox. */
async function sandboxConfigOf(environment: LibraryEnvironment): Promise<SandboxConfig> {
  const response = await openInBrowser(environment);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/html/);
  const html = await response.text();
  const inline = /<script nonce="\w+">(.*?)<\/script>/s.exec(html)?.[1];
  assert.ok(inline, 'no inline script');
  const configs: unknown[] = [];
  function EmbeddedSandbox(config: unknown) {
    configs.push(config);
  }
  runInNewContext(inline, {
    window: { location: { href: environment.endpoint }, EmbeddedSandbox },
  });
  assert.equal(configs.length, 1);
  return JSON.parse(JSON.stringify(configs[0]));
}

/** Runs the script of the page that opens the explorer instead, in a window with a clock that stands still. */
async function startFallback(environment: LibraryEnvironment) {
  const html = await (await openInBrowser(environment)).text();
  const path = /<head><script src="([^"]+)"><\/script>/.exec(html)?.[1];
  assert.ok(path, 'no script of this server');
  const script = await (await fetch(new URL(path, environment.url))).text();
  const window = new EventTarget();
  const opened: string[] = [];
  const timers = new Map<number, () => void>();
  runInNewContext(script, {
    window,
    addEventListener: window.addEventListener.bind(window),
    setTimeout: (callback: () => void, ms: number) => timers.set(ms, callback) && ms,
    clearTimeout: (ms: number) => timers.delete(ms),
    location: { origin: environment.url, replace: (to: string) => opened.push(to) },
    AbortController,
    HTMLScriptElement: class {},
  });
  return { window, opened, timers };
}

const messageFrom = (origin: string) => new MessageEvent('message', { origin });

describe('The Sandbox', () => {
  it('is served to a browser with the example of the BFF and a token, ready to run', async () => {
    const { authorization: bearer = '' } = await authorization(CAST.reader);
    await using environment = await startLibrary({ SANDBOX_TOKEN: bearer.replace('Bearer ', '') });
    const { initialState, initialEndpoint, runTelemetry } = await sandboxConfigOf(environment);
    const example = new URL(`${library.example}.graphql`, library.operations);
    assert.equal(initialState.document, await readFile(example, 'utf8'));
    assert.deepEqual(initialState.headers, { Authorization: bearer });
    assert.equal(initialEndpoint, environment.endpoint);
    assert.equal(runTelemetry, false);

    const { document: query, headers } = initialState;
    const { status, body } = await environment.post({ query }, headers);
    assert.equal(status, 200);
    assert.equal(body.errors, undefined);
  });

  it('sends no token if none is configured', async () => {
    await using environment = await startLibrary();
    assert.equal((await sandboxConfigOf(environment)).initialState.headers, undefined);
  });

  it('gives way to the explorer after an error, or if its frame sends nothing for 10 seconds', async () => {
    await using environment = await startLibrary();
    const failed = await startFallback(environment);
    failed.window.dispatchEvent(new Event('error'));
    assert.deepEqual(failed.opened, ['/graphiql']);

    const silent = await startFallback(environment);
    silent.window.dispatchEvent(messageFrom(environment.url));
    assert.deepEqual([...silent.timers.keys()], [10_000]);
    silent.timers.get(10_000)?.();
    assert.deepEqual(silent.opened, ['/graphiql']);
  });

  it('stays when its frame has sent a message, whatever happens then', async () => {
    await using environment = await startLibrary();
    const { window, opened, timers } = await startFallback(environment);
    window.dispatchEvent(messageFrom('https://sandbox.embed.apollographql.com'));
    window.dispatchEvent(new Event('error'));
    assert.deepEqual([opened, timers.size], [[], 0]);
  });

  it('is not served in production, with or without a token', async () => {
    for (const env of [{}, { SANDBOX_TOKEN: 'secret-token' }]) {
      await using environment = await startLibrary({ ...PRODUCTION, ...env });
      const response = await openInBrowser(environment);
      const text = await response.text();
      assert.equal(response.status, 406);
      assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
      assert.doesNotMatch(text, /<html|sandbox|secret-token/i);
      assert.equal(JSON.parse(text).errors[0].extensions.code, 'BAD_REQUEST');
    }
  });
});
