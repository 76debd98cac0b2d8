import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { CUSTOMER_ORDERS, CUSTOMER_UNREAD } from '../../services/support/cast.ts';
import { ROOT } from '../../tools/tree.ts';
import { skipWithoutChromium, startChromium } from '../support/chromium.ts';
import { type Demo, startDemo } from '../support/demo.ts';
import { until } from '../support/until.ts';

type Chromium = Awaited<ReturnType<typeof startChromium>>;
type Page = Awaited<ReturnType<Chromium['visit']>>;

const AXE = new URL('examples/node_modules/axe-core/axe.min.js', ROOT);
const skipWithoutAxe =
  existsSync(AXE) || process.env.CI === 'true'
    ? false
    : 'axe-core is not installed: npm ci --prefix examples';

const shows = (page: Page, text: string) => until(async () => (await page.text()).includes(text));
/** Clicks as soon as there is something with this label. */
const click = (page: Page, label: string) =>
  until(() =>
    page.click(label).then(
      () => true,
      () => false,
    ),
  );
async function signIn(page: Page, user: string): Promise<void> {
  await click(page, 'Sign in');
  await shows(page, 'Choose a user');
  const isUser = `({ textContent }) => textContent.includes('user ${user}')`;
  await page.evaluate(`[...document.querySelectorAll('button')].find(${isUser}).click()`);
}
const count = (page: Page, selector: string): Promise<number> =>
  page.evaluate(`document.querySelectorAll(${JSON.stringify(selector)}).length`);
const bffRequests = (page: Page) =>
  page.requests().filter((url) => /\/(graphql|auth)\b/.test(new URL(url).pathname));
const setColours = (page: Page, value: 'dark' | 'light') =>
  page.call('Emulation.setEmulatedMedia', {
    features: [
      { name: 'prefers-color-scheme', value },
      { name: 'prefers-reduced-motion', value: 'reduce' },
    ],
  });

/** Fails with what axe-core finds, by the rules of WCAG 2.2 AA and its best practices. */
async function assertAccessible(page: Page): Promise<void> {
  await page.evaluate(`${await readFile(AXE, 'utf8')}; undefined`);
  for (const colours of ['light', 'dark'] as const) {
    await setColours(page, colours);
    const found = await page.evaluate(`axe.run().then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(', ')))`);
    assert.deepEqual(found, [], colours);
  }
}

// One demo, and the tests in their order: the last one ends the demo.
describe('The example pages', { skip: skipWithoutChromium }, () => {
  let demo: Demo;
  let chromium: Chromium;
  before(async () => {
    [demo, chromium] = await Promise.all([startDemo(), startChromium()]);
    await demo.ready();
    assert.match(demo.output(), /^ready/m);
  });
  after(async () => {
    await chromium[Symbol.asyncDispose]();
    await demo[Symbol.asyncDispose]();
  });

  const failOrders = () =>
    fetch(`${demo.urlOf('order')}/_control/faults`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{"*":{"status":503}}',
    });

  describe('of the web', () => {
    let page: Page;
    before(async () => {
      page = await chromium.visit(demo.urlOf('web page'));
    });

    async function keepOrder(): Promise<void> {
      await click(page, 'Keep it');
      await until(async () => (await count(page, 'dialog')) === 0);
    }

    it('offers a sign-in and public news with one request', async () => {
      await shows(page, 'Sign in');
      await shows(page, 'News');
      assert.equal(bffRequests(page).length, 1);
    });

    it('is accessible before the sign-in', { skip: skipWithoutAxe }, () => assertAccessible(page));

    it('shows the account after the sign-in, with one request', async () => {
      await signIn(page, '42');
      await shows(page, 'Hello, Amara Okafor');
      await shows(page, `${CUSTOMER_UNREAD} unread`);
      const [, after = ''] = bffRequests(page)
        .join('\n')
        .split(/\/auth\/callback.*\n/);
      const urls = after.split('\n').map((url) => new URL(url));
      const paths = urls.map(({ pathname }) => pathname);
      assert.deepEqual(
        paths.filter((path) => path !== '/graphql/stream'),
        ['/graphql'],
      );
      assert.ok(urls[0]?.searchParams.get('documentId'));
      assert.equal(await count(page, '.orders li'), 5);
    });

    it('pages through all orders, and moves the focus to the first new one', async () => {
      for (const shown of [15, CUSTOMER_ORDERS]) {
        await click(page, 'Show more orders');
        await until(async () => (await count(page, '.orders li')) === shown);
      }
      const focused = `[...document.querySelectorAll('.orders li')].indexOf(document.activeElement)`;
      await until(async () => (await page.evaluate(focused)) === 15);
      assert.doesNotMatch(await page.text(), /Show more orders/);
      const ids = 'new Set([...document.querySelectorAll(".orders li")].map(({ id }) => id)).size';
      assert.equal(await page.evaluate(ids), CUSTOMER_ORDERS);
    });

    it('is accessible after the sign-in, with the dialog too', {
      skip: skipWithoutAxe,
    }, async () => {
      await assertAccessible(page);
      await click(page, 'Cancel order 22621');
      await shows(page, 'Keep it');
      await assertAccessible(page);
      await keepOrder();
    });

    it('cancels an order after a question, and a notification about it arrives', async () => {
      await shows(page, 'Live');
      const cancellable = await count(page, '.orders button');
      await click(page, 'Cancel order 22621');
      await shows(page, 'Cancel order 22621?');
      await keepOrder();
      assert.equal(await count(page, '.orders button'), cancellable);

      await click(page, 'Cancel order 22621');
      await shows(page, 'Cancel order 22621?');
      await click(page, 'Cancel the order');
      await until(async () => (await count(page, '.orders button')) === cancellable - 1);
      assert.match(await page.evaluate('document.activeElement.innerText'), /Cancelled/);
      await shows(page, `${CUSTOMER_UNREAD + 1} unread`);
      const spoken = '[...document.querySelectorAll("[role=log] p")].map((p) => p.textContent)';
      const expected = ['Order 22621 is cancelled', 'New notification: Order 22621 is cancelled'];
      await until(async () => {
        const lines = await page.evaluate(spoken);
        return expected.every((line) => lines.includes(line));
      });
      assert.match(await page.evaluate('document.querySelector("aside li").innerText'), /22621/);
    });

    it('has no stream while its tab is hidden, and loads what it has missed afterwards', async () => {
      const setHidden = (isHidden: boolean) =>
        page.evaluate(`
          Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true });
          document.dispatchEvent(new Event('visibilitychange'));`);
      await shows(page, 'Live');
      await setHidden(true);
      await shows(page, 'Connecting…');
      const before = bffRequests(page).length;
      await setHidden(false);
      await shows(page, 'Live');
      await until(() => bffRequests(page).length === before + 2);
      const paths = bffRequests(page).map((url) => new URL(url).pathname);
      assert.deepEqual(paths.slice(before), ['/graphql/stream', '/graphql']);
    });

    it('shows the rest of the account while the order service fails', async () => {
      await failOrders();
      // Otherwise the BFF would answer from its cache.
      await page.call('Network.setExtraHTTPHeaders', { headers: { 'cache-control': 'no-cache' } });
      await page.navigate(demo.urlOf('web page'));
      await shows(page, 'Orders can’t be loaded right now.');
      assert.match(await page.text(), /Hello, Amara Okafor[\s\S]*unread/);
      await fetch(`${demo.urlOf('order')}/_control/faults`, { method: 'DELETE' });
      await click(page, 'Try again');
      await until(async () => (await count(page, '.orders li')) === 5);
    });

    it('keeps the account while there is no network, and does not pretend to sign out', async () => {
      const setOffline = (offline: boolean) =>
        page.call('Network.emulateNetworkConditions', {
          offline,
          latency: 0,
          downloadThroughput: -1,
          uploadThroughput: -1,
        });
      await failOrders();
      await page.navigate(demo.urlOf('web page'));
      await shows(page, 'Orders can’t be loaded right now.');
      await setOffline(true);
      await click(page, 'Try again');
      await shows(page, 'There is no connection.');
      await click(page, 'Sign out');
      await shows(page, 'You are still signed in.');
      assert.match(await page.text(), /Hello, Amara Okafor[\s\S]*unread/);
      await setOffline(false);
      await fetch(`${demo.urlOf('order')}/_control/faults`, { method: 'DELETE' });
      await click(page, 'Try again');
      await until(async () => (await count(page, '.orders li')) === 5);
      assert.doesNotMatch(await page.text(), /There is no connection/);
    });

    it('signs out, here and at the provider, and shows the account to nobody else', async () => {
      const tabs = await Promise.all([1, 2].map(() => chromium.visit(demo.urlOf('web page'))));
      const [second, third] = tabs as [Page, Page];
      for (const tab of tabs) await shows(tab, 'Hello, Amara Okafor');
      const { entries, currentIndex } = await page.call('Page.getNavigationHistory');
      await click(page, 'Sign out');
      await shows(page, 'Log out of the demo');
      await click(page, 'Log out');
      await shows(page, 'Sign in to see your orders');

      await page.call('Page.navigateToHistoryEntry', { entryId: entries[currentIndex].id });
      await shows(page, 'Sign in to see your orders');
      assert.doesNotMatch(await page.text(), /Amara/);

      await click(second, 'Show more orders');
      await shows(second, 'Sign in to see your orders');
      await signIn(second, '43');
      await shows(second, 'Hello, Mateo');
      await click(third, 'Show more orders');
      await shows(third, 'Hello, Mateo');
      assert.equal(await count(third, '.orders li'), 5);
    });

    it('reports no error in the console', () => {
      // The provider has no icon, and one test has no network.
      const isExpected = /\/favicon\.ico$|ERR_INTERNET_DISCONNECTED/;
      assert.deepEqual(
        page.errors().filter((error) => !isExpected.test(error)),
        [],
      );
    });
  });

  describe('of the phone', () => {
    let page: Page;
    before(async () => {
      page = await chromium.visit(demo.urlOf('phone page'));
    });

    it('shows the dashboard with one request', async () => {
      await shows(page, 'Hello, Amara');
      for (const part of ['Orders', 'Notifications', 'News']) await shows(page, part);
      assert.equal(bffRequests(page).length, 1);
    });

    it('is accessible', { skip: skipWithoutAxe }, () => assertAccessible(page));

    it('deletes the stored copy when its user’s token is refused', async () => {
      const hasCopy = '"dashboard:1" in localStorage';
      assert.equal(await page.evaluate(hasCopy), true);
      const other = await chromium.visit(demo.urlOf('phone page'));
      await shows(other, 'Hello, Amara');
      const headers = { authorization: 'Bearer of.nobody.now' };
      await other.call('Network.setExtraHTTPHeaders', { headers });
      await click(other, 'Refresh');
      await shows(other, 'The token is not valid');
      assert.doesNotMatch(await other.text(), /Amara|Orders|A copy from/);
      assert.equal(await other.evaluate(hasCopy), false);

      await click(page, 'Refresh');
      await until(() => page.evaluate(hasCopy));
    });

    it('says which part is missing while a service is down, and shows the others', async () => {
      process.kill(demo.pidOf('order'), 'SIGKILL');
      await until(() => /^order +\| exited/m.test(demo.output()));
      await click(page, 'Refresh');
      await shows(page, 'Orders can’t be loaded right now.');
      assert.match(await page.text(), /Hello, Amara[\s\S]*unread/);
      assert.equal(await count(page, '.unavailable'), 1);
    });

    it('is accessible with a missing part', { skip: skipWithoutAxe }, () => assertAccessible(page));

    it('reports no error in the console', () => assert.deepEqual(page.errors(), []));

    it('blames no network when its BFF is down', async () => {
      process.kill(demo.pidOf('mobile'), 'SIGKILL');
      await until(() => /^mobile +\| exited/m.test(demo.output()));
      await click(page, 'Refresh');
      await shows(page, 'This is not available right now.');
      await shows(page, 'A copy from');
    });

    it('opens without a network, and shows the complete copy that it has stored', async () => {
      const worker = 'navigator.serviceWorker.getRegistration().then((found) => !!found?.active)';
      await until(() => page.evaluate(worker));
      demo.kill('SIGTERM');
      await demo.exitCode;
      await page.navigate(`${demo.urlOf('phone page')}/?from=mail`);
      await shows(page, 'There is no connection.');
      await shows(page, 'A copy from');
      assert.equal(await count(page, '.unavailable'), 0);
      assert.ok((await count(page, '[aria-labelledby=orders] li')) > 0);
    });
  });
});
