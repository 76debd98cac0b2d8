import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import type { Json } from './environment.ts';

const NOT_INSTALLED = 'chromium is not installed: apt-get install chromium';
const LISTENING = /DevTools listening on (ws:\S+)/;

/**
 * The `skip` option of tests in a browser: a reason if it is not installed, or false. With CI=true nothing
 * is skipped, so that a missing browser fails the tests.
 */
export const skipWithoutChromium: string | false =
  isInstalled() || process.env.CI === 'true' ? false : NOT_INSTALLED;

function isInstalled(): boolean {
  try {
    execFileSync('chromium', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts Chromium, which a test controls by the Chrome DevTools Protocol. No name can be resolved, so that
 * pages reach this machine only. `await using` ends it.
 */
export async function startChromium() {
  if (!isInstalled()) throw new Error(NOT_INSTALLED);
  await using started = new AsyncDisposableStack();
  const profile = await mkdtemp(join(tmpdir(), 'chromium-'));
  started.defer(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }));
  const child = spawn(
    'chromium',
    [
      '--headless=new',
      // The tests run as root in containers, and load pages of this machine only.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--window-size=1280,800',
      '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  started.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'close');
  });
  const devTools = new WebSocket(await addressOf(child.stderr));
  await once(devTools, 'open');
  started.defer(() => devTools.terminate());

  let lastId = 0;
  const waiting = new Map<number, (reply: Json) => void>();
  const listeners = new Map<string, (method: string, event: Json) => void>();
  devTools.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString());
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
    if (message.method) listeners.get(message.sessionId)?.(message.method, message.params);
  });
  async function send(method: string, params: object = {}, sessionId?: string): Promise<Json> {
    const id = ++lastId;
    const { promise, resolve } = Promise.withResolvers<Json>();
    waiting.set(id, resolve);
    devTools.send(JSON.stringify({ id, method, params, sessionId }));
    const { result, error } = await promise;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  async function attach() {
    const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
    const call = (method: string, params?: object) => send(method, params, sessionId);
    await call('Page.enable');
    return {
      sessionId,
      call,
      /** @param script - an expression; a promise is awaited */
      async evaluate(script: string): Promise<Json> {
        const { result, exceptionDetails } = await call('Runtime.evaluate', {
          expression: script,
          awaitPromise: true,
          returnByValue: true,
        });
        if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
        return result.value;
      },
    };
  }

  const rest = started.move();
  return {
    /** Opens a page, and runs scripts in it whatever its Content-Security-Policy is. */
    async open(url: string, cookies: readonly { name: string; value: string }[] = []) {
      const { call, evaluate } = await attach();
      await call('Page.setBypassCSP', { enabled: true });
      for (const cookie of cookies) {
        await call('Network.setCookie', { ...cookie, url, secure: true, sameSite: 'Strict' });
      }
      await call('Page.navigate', { url });
      return { evaluate };
    },

    /** Opens a page as a user does, and records its requests and errors. */
    async visit(url: string) {
      const { sessionId, call, evaluate } = await attach();
      const requests: string[] = [];
      const errors: string[] = [];
      listeners.set(sessionId, (method, event) => {
        if (method === 'Network.requestWillBeSent') requests.push(event.request.url);
        if (method === 'Log.entryAdded' && event.entry.level === 'error') {
          errors.push(`${event.entry.text} ${event.entry.url ?? ''}`);
        }
        if (method === 'Runtime.exceptionThrown') errors.push(JSON.stringify(event));
        if (method === 'Runtime.consoleAPICalled' && event.type === 'error') {
          errors.push(JSON.stringify(event.args));
        }
      });
      for (const domain of ['Network', 'Log', 'Runtime']) await call(`${domain}.enable`);
      await call('Page.navigate', { url });
      return {
        /** The URLs of all requests, without those of embedded data. */
        requests: () => requests.filter((request) => !request.startsWith('data:')),
        /** What the console shows as errors, such as violations of the Content-Security-Policy. */
        errors: () => errors,
        evaluate,
        /** The visible text, with the non-breaking spaces of editors as spaces; '' while a page is opened. */
        text: (): Promise<string> =>
          evaluate(String.raw`(document.body?.innerText ?? '').replaceAll('\u00a0', ' ')`).catch(
            () => '',
          ),
        /** Clicks the element whose label or text is this one. */
        click: (label: string) =>
          evaluate(`(() => {
            const label = ${JSON.stringify(label)};
            const elements = [...document.querySelectorAll('button, a, [role=tab]')];
            // Without the zero-width spaces at which a text may be wrapped.
            const labels = ({ ariaLabel, textContent }) =>
              [ariaLabel ?? '', textContent.trim()].map((text) => text.replaceAll('\\u200b', ''));
            const found = elements.find((element) => labels(element).includes(label));
            if (!found) throw new Error('nothing is labelled ' + label);
            found.click();
          })()`),
        /** A PNG. */
        async screenshot(): Promise<Buffer> {
          const { data } = await call('Page.captureScreenshot', { format: 'png' });
          return Buffer.from(data, 'base64');
        },
        /** Sends a command of the Chrome DevTools Protocol to the page. */
        call,
        navigate: (to: string) => call('Page.navigate', { url: to }),
      };
    },
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

async function addressOf(stderr: NodeJS.ReadableStream): Promise<string> {
  let output = '';
  for await (const chunk of stderr) {
    output += chunk;
    const [, address] = LISTENING.exec(output) ?? [];
    if (address) {
      // Otherwise Chromium waits for someone to read what it logs.
      stderr.resume();
      return address;
    }
  }
  throw new Error(`chromium has ended:\n${output}`);
}
