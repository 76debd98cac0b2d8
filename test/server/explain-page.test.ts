import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { skipWithoutChromium, startChromium } from '../support/chromium.ts';
import { createToken, type Json } from '../support/environment.ts';
import { CAST } from '../support/fixture/cast.ts';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';
import { PRODUCTION } from '../support/production.ts';
import { until } from '../support/until.ts';

type Chromium = Awaited<ReturnType<typeof startChromium>>;
type Page = Awaited<ReturnType<Chromium['visit']>>;

const FILES = ['page.js', 'page.css'];
const REFUSED = '{ recentLoans(first: 1) { title } notices { title } }';
const OPTIONS = `[...document.querySelectorAll('#waterfall [role=option]')]`;

const get = ({ url }: LibraryEnvironment, path: string) => fetch(`${url}${path}`);

describe('The page that explains responses', () => {
  it('allows its own script, style and API only', async () => {
    await using environment = await startLibrary({ SANDBOX_TOKEN: '</script><script>alert(1)' });
    const response = await get(environment, '/explain');
    assert.equal(
      response.headers.get('content-security-policy'),
      [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
      ].join('; '),
    );
    const html = await response.text();
    assert.equal(html.match(/<script/g)?.length, 2);
    assert.doesNotMatch(html, /(src|href)="(?!\/)/);
    for (const file of FILES)
      assert.equal((await get(environment, `/explain/${file}`)).status, 200);
  });

  it('does not exist in production', async () => {
    await using environment = await startLibrary(PRODUCTION);
    for (const path of ['/explain', ...FILES.map((file) => `/explain/${file}`)])
      assert.equal((await get(environment, path)).status, 404, path);
  });
});

describe('In Chromium, the page that explains responses', { skip: skipWithoutChromium }, () => {
  let chromium: Chromium;
  before(async () => {
    chromium = await startChromium();
  });
  after(() => chromium[Symbol.asyncDispose]());

  /** Opens the page of a BFF in development, with the token of a customer. */
  async function open(bff: LibraryEnvironment): Promise<Page> {
    const page = await chromium.visit(`${bff.url}/explain`);
    await until(() => page.evaluate(`document.getElementById('query')?.value.length > 0`));
    return page;
  }

  const startDevelopment = async () =>
    startLibrary({
      NODE_ENV: 'development',
      CACHE_MEMORY_MB: '16',
      SANDBOX_TOKEN: await createToken(CAST.reader),
    });

  async function press(page: Page, key: string, modifiers = 0): Promise<void> {
    const code = { Enter: 13, Tab: 9, ArrowUp: 38, ArrowDown: 40, Home: 36, End: 35 }[key];
    const event = { key, code: key, modifiers, windowsVirtualKeyCode: code };
    await page.call('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...event });
    await page.call('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
  }

  /** Sends the request with the keyboard, and waits for the response. */
  async function run(page: Page): Promise<void> {
    await page.evaluate(`document.getElementById('query').focus()`);
    await page.evaluate(`document.getElementById('status').textContent = ''`);
    await press(page, 'Enter', 2);
    await until(async () => /^\d/.test(await textOf(page, 'status')));
  }

  const textOf = (page: Page, id: string): Promise<string> =>
    page.evaluate(`document.getElementById('${id}').innerText`);

  const labelsOf = (page: Page): Promise<string[]> =>
    page.evaluate(`${OPTIONS}.map((option) => option.getAttribute('aria-label'))`);

  it('runs the example with the token, and shows its phases, calls and answer', async () => {
    await using bff = await startDevelopment();
    const page = await open(bff);
    await run(page);
    const labels = await labelsOf(page);
    assert.match(labels[0] ?? '', /^Phase: receive, Starts at: 0\.00 ms, Takes: /);
    const calls = labels.filter((label) => label.startsWith('Upstream call: '));
    assert.ok(calls.some((label) => label.startsWith('Upstream call: member membersByIds, ')));
    assert.ok(calls.every((label) => /Batch: .*shared with 0 other requests/.test(label)));
    assert.match(
      await textOf(page, 'summary'),
      /viewer: customer · cache: stored · \d upstream call/,
    );
    const answer: Json = JSON.parse(await textOf(page, 'body'));
    assert.equal(answer.data.home.member.name, 'Ada Castro');
    assert.equal(answer.extensions, undefined);
    const cells = await page.evaluate(`document.querySelectorAll('#table tbody tr').length`);
    assert.equal(cells, labels.length);

    const foreign = page.requests().filter((url) => !url.startsWith(`${bff.url}/`));
    assert.deepEqual([foreign, page.errors()], [[], []]);
  });

  it('shows a stored response as a hit, and a new one if it is told to', async () => {
    await using bff = await startDevelopment();
    const page = await open(bff);
    await run(page);
    await run(page);
    await until(async () =>
      (await textOf(page, 'summary')).includes('cache: hit · 0 upstream calls'),
    );
    await page.evaluate(`document.getElementById('fresh').click()`);
    await run(page);
    await until(async () => (await textOf(page, 'summary')).includes('cache: stored'));
  });

  it('is operated with the keyboard: one bar is in the tab order, and the arrows move', async () => {
    await using bff = await startDevelopment();
    const page = await open(bff);
    await run(page);
    const focused = () =>
      page.evaluate(`${OPTIONS}.indexOf(document.activeElement)`) as Promise<number>;
    const selected = () =>
      page.evaluate(
        `${OPTIONS}.flatMap((option, at) => (option.getAttribute('aria-selected') === 'true' && option.tabIndex === 0 ? at : []))`,
      );
    for (let tabs = 0; (await focused()) < 0; tabs++) {
      assert.ok(tabs < 8, 'the waterfall is not in the tab order');
      await press(page, 'Tab');
    }
    const last = (await labelsOf(page)).length - 1;
    for (const [key, at] of [
      ['ArrowUp', 0],
      ['ArrowDown', 1],
      ['ArrowDown', 2],
      ['ArrowUp', 1],
      ['End', last],
      ['ArrowDown', last],
    ] as const) {
      await press(page, key);
      assert.deepEqual([await focused(), await selected()], [at, [at]], key);
    }
    assert.match(await textOf(page, 'details'), /Upstream call.*Circuit\s+closed/s);
    await press(page, 'Home');
    assert.match(await textOf(page, 'details'), /^Phase\s+receive/);
    await press(page, 'Tab');
    assert.equal(await focused(), -1);
  });

  it('shows the rule of a refused field, and the reason of a refused request', async () => {
    await using bff = await startDevelopment();
    const page = await open(bff);
    const type = (text: string) =>
      page.evaluate(`(() => {
        const query = document.getElementById('query');
        query.value = ${JSON.stringify(text)};
        query.dispatchEvent(new Event('input', { bubbles: true }));
      })()`);
    await type(REFUSED);
    assert.equal(
      await page.evaluate(`document.getElementById('operation').value`),
      'Another query',
    );
    await run(page);
    await until(async () =>
      (await textOf(page, 'refusals')).includes('recentLoans (Query.recentLoans): FORBIDDEN'),
    );
    assert.match(
      await textOf(page, 'refusals'),
      /This is for staff only\. The rule allows staff; third parties need orders:read\./,
    );
    await type('{ nothing }');
    await run(page);
    await until(async () => /^400: .*nothing/.test(await textOf(page, 'status')));
    assert.equal(await page.evaluate(`document.getElementById('explanation').hidden`), true);
  });

  it('keeps its bars in a narrow window, where the waterfall scrolls and the page does not', async () => {
    await using bff = await startDevelopment();
    const page = await open(bff);
    const metrics = { width: 320, height: 800, deviceScaleFactor: 1, mobile: false };
    await page.call('Emulation.setDeviceMetricsOverride', metrics);
    await run(page);
    const widths: number[] = await page.evaluate(
      `[...document.querySelectorAll('#waterfall rect:not(.row)')].map((bar) => bar.getBBox().width)`,
    );
    assert.ok(Math.max(...widths) > 20, String(widths));
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    assert.equal(await page.evaluate(overflow), 0);
    assert.deepEqual(page.errors(), []);
  });

  it('has colours of its own in a dark environment', async () => {
    await using bff = await startDevelopment();
    const page = await open(bff);
    const colours = async (value: string) => {
      await page.call('Emulation.setEmulatedMedia', {
        features: [{ name: 'prefers-color-scheme', value }],
      });
      return page.evaluate(`getComputedStyle(document.body).backgroundColor`);
    };
    assert.deepEqual(
      [await colours('light'), await colours('dark')],
      ['rgb(255, 255, 255)', 'rgb(20, 23, 27)'],
    );
  });
});
