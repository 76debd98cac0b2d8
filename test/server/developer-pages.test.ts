import assert from 'node:assert/strict';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { issueToken } from '../../services/support/tokens.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { readGraphqlFiles } from '../../src/graphql-files.ts';
import { freePort } from '../../tools/free-port.ts';
import { NOTIFICATIONS, startSubscriptions } from '../protocols/subscriptions/harness.ts';
import { skipWithoutChromium, startChromium } from '../support/chromium.ts';
import { createToken } from '../support/environment.ts';
import { until } from '../support/until.ts';

type Chromium = Awaited<ReturnType<typeof startChromium>>;
type Page = Awaited<ReturnType<Chromium['visit']>>;

const { customer } = CAST;
const CUSTOMER_NAME = '"Amara Okafor"';
const RUN = 'Execute query (Ctrl-Enter)';
const STOP = 'Stop query (Ctrl-Enter)';

const untilShows = (page: Page, text: string) =>
  until(async () => (await page.text()).includes(text));

const tabsOf = (page: Page): Promise<string[]> =>
  page.evaluate(`[...document.querySelectorAll('[role=tab]')].map((tab) => tab.innerText.trim())`);

/** @param bff - that whose pages they are */
function assertOnlyOwn(page: Page, bff: { readonly url: string }) {
  const foreign = page.requests().filter((url) => !url.startsWith(`${bff.url}/`));
  assert.deepEqual(foreign, []);
  assert.deepEqual(page.errors(), []);
}

describe('In Chromium without internet access', { skip: skipWithoutChromium }, () => {
  let chromium: Chromium;
  before(async () => {
    chromium = await startChromium();
  });
  after(() => chromium[Symbol.asyncDispose]());

  /** Starts a BFF whose pages have a token. Each test has its own origin, and with it storage. */
  const startBff = async (bff: BffDefinition = web) =>
    startSubscriptions({ SANDBOX_TOKEN: await createToken(customer) }, bff);

  async function openExplorer({ url }: { readonly url: string }, query = ''): Promise<Page> {
    const page = await chromium.visit(`${url}/graphiql${query}`);
    await untilShows(page, 'Frontdesk: ');
    return page;
  }

  it('the explorer runs the example with the token, and loads nothing from elsewhere', async () => {
    await using bff = await startBff();
    const page = await openExplorer(bff);
    await page.click(RUN);
    await untilShows(page, CUSTOMER_NAME);
    assert.match(await page.text(), /"authorization": "Bearer ey/);
    assertOnlyOwn(page, bff);
  });

  for (const definition of [web, mobile]) {
    it(`the explorer has a tab for each operation of ${definition.name}, with the variables that it requires`, async () => {
      await using bff = await startBff(definition);
      const page = await openExplorer(bff);
      const names = readGraphqlFiles(definition.operations).map(({ name }) =>
        name.replace('.graphql', ''),
      );
      const [first, ...others] = await tabsOf(page);
      assert.equal(first, definition.example);
      assert.deepEqual([first, ...others].sort(), names.sort());

      await page.click('PlaceOrder');
      await page.click('Variables');
      await untilShows(page, '"idempotencyKey": ""');
      assertOnlyOwn(page, bff);
    });
  }

  it('the explorer shows the descriptions of the schema, and a history', async () => {
    await using bff = await startBff();
    const page = await openExplorer(bff);
    await page.click('Show Documentation Explorer');
    await untilShows(page, 'Root Types');
    await page.click('Query');
    await untilShows(page, 'The signed-in user. Without a token, it is null with an error.');
    await page.click(RUN);
    await untilShows(page, CUSTOMER_NAME);
    await page.click('Show History');
    await untilShows(page, 'History');
    const history = `document.querySelector('.graphiql-history').innerText`;
    assert.match(await page.evaluate(history), /\bHome\b/);
    assertOnlyOwn(page, bff);
  });

  it('the explorer has its tabs and the token again after it was reloaded', async () => {
    await using bff = await startBff();
    const page = await openExplorer(bff);
    await page.click(RUN);
    await untilShows(page, CUSTOMER_NAME);
    const tabs = await tabsOf(page);
    await page.navigate(`${bff.url}/graphiql?reloaded`);
    const search = () => page.evaluate('location.search').catch(() => '');
    await until(async () => (await search()) === '?reloaded');
    await untilShows(page, 'Frontdesk: ');
    assert.deepEqual(await tabsOf(page), tabs);
    await page.click(RUN);
    await untilShows(page, CUSTOMER_NAME);
  });

  it('the explorer shows the schema where only registered operations are accepted, and with an expired token', async () => {
    const expired = await issueToken({ userId: customer, role: 'customer', expiresIn: -60 });
    await using bff = await startSubscriptions({ OPERATIONS: 'trusted', SANDBOX_TOKEN: expired });
    const page = await openExplorer(bff);
    await page.click('Show Documentation Explorer');
    await untilShows(page, 'Root Types');
    assertOnlyOwn(page, bff);
    await page.click(RUN);
    await untilShows(page, 'UNAUTHENTICATED');
  });

  it('the explorer has the new texts of operations that were changed, and tabs for new ones', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'operations-'));
    const write = (name: string, text: string) =>
      writeFile(join(folder.path, `${name}.graphql`), text);
    const operations = pathToFileURL(`${folder.path}/`);
    const definition = { ...web, operations, example: 'Home' };
    await write('Home', 'query Home { announcements { id } }');
    await write('Detail', 'query Detail($id: ID!) { order(id: $id) { id } }');
    const env = { WEB_PORT: String(await freePort()) };

    let page: Page;
    {
      await using earlier = await startSubscriptions(env, definition);
      page = await openExplorer(earlier);
      await page.click('Detail');
      // GraphiQL stores its tabs after a while.
      await until(() =>
        page.evaluate(`localStorage['graphiql:tabState']?.includes('"activeTabIndex":1')`),
      );
    }
    await write('Detail', 'query Detail($id: ID!) { order(id: $id) { status } }');
    await write('Other', 'query Other { viewer { id } }');

    await using bff = await startSubscriptions(env, definition);
    await page.navigate(`${bff.url}/graphiql`);
    await untilShows(page, '{ status }');
    assert.deepEqual(await tabsOf(page), ['Home', 'Detail', 'Other']);
    await page.navigate(`${bff.url}/graphiql?again`);
    await until(async () => (await page.evaluate('location.search').catch(() => '')) === '?again');
    await untilShows(page, '{ status }');
    assert.deepEqual(await tabsOf(page), ['Home', 'Detail', 'Other']);
    await page.click('Other');
    await untilShows(page, 'query Other');
  });

  it('the explorer opens the query of a link without the variables of another tab', async () => {
    await using bff = await startBff();
    const page = await openExplorer(bff);
    await page.click('OrderDetail');
    await page.click('Variables');
    await untilShows(page, '"id": ""');
    await until(() => page.evaluate(`localStorage['graphiql:variables']?.includes('"id"')`));
    const query = '{ announcements { publishedAt } }';
    await page.navigate(`${bff.url}/graphiql?query=${encodeURIComponent(query)}`);
    await untilShows(page, query);
    await page.click('Variables');
    assert.doesNotMatch(await page.text(), /"id": ""/);
  });

  it('the explorer shows the results of a subscription as they come, until it is stopped', async () => {
    await using bff = await startBff();
    const page = await openExplorer(bff, `?query=${encodeURIComponent(NOTIFICATIONS)}`);
    await page.click(RUN);
    await bff.untilOpen(1);
    for (const title of ['The first one', 'The second one']) {
      await bff.notify(customer, title);
      await untilShows(page, title);
    }
    await page.click(STOP);
    await bff.untilOpen(0);
    assertOnlyOwn(page, bff);
  });

  it('the explorer opens by itself where Apollo Sandbox cannot be loaded', async () => {
    await using bff = await startBff();
    const page = await chromium.visit(`${bff.url}/graphql`);
    await untilShows(page, 'Frontdesk: web');
    assert.equal(await page.evaluate('location.pathname'), '/graphiql');
  });

  it('the page of the REST API lists the endpoints, and calls one with the token', async () => {
    await using bff = await startBff(mobile);
    const page = await chromium.visit(`${bff.url}/docs`);
    await untilShows(page, '/dashboard');
    await page.click('get /dashboard');
    await untilShows(page, 'Try it out');
    await page.click('Try it out');
    await page.click('Execute');
    await untilShows(page, CUSTOMER_NAME);
    assertOnlyOwn(page, bff);
  });
});
