import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parse } from 'yaml';
import { CAST as SHOP_CAST } from '../../services/support/cast.ts';
import { addProcessMetrics } from '../../src/telemetry/metrics/index.ts';
import { freePort } from '../../tools/free-port.ts';
import { ROOT } from '../../tools/tree.ts';
import {
  NOTIFICATIONS,
  type Subscriptions,
  startSubscriptions,
} from '../protocols/subscriptions/harness.ts';
import { createListenerTls } from '../support/certificates.ts';
import { type Environment, startEnvironment } from '../support/environment.ts';
import { type LIBRARY_UPSTREAMS, library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { skipWithout } from '../support/program.ts';
import { until } from '../support/until.ts';
import {
  dashboardUses,
  readDashboard,
  readRules,
  readRuleTests,
  readRunbook,
  ruleUses,
  type Use,
} from './monitoring.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';
import { groupingsOf, selectorsOf, withoutFilters } from './promql.ts';

const SCRAPE_MS = 250;
const MAX_SCRAPES = 120;
/** The BFF waits for a service that hangs. */
const PATIENT = { UPSTREAM_ATTEMPT_TIMEOUT_MS: '60000', REQUEST_DEADLINE_MS: '60000' };
/** More than may wait for one client. */
const MANY_EVENTS = 110;

const RUNBOOK_URL = 'https://git.frontdesk.example/frontdesk/docs/runbook.md';

const { customer, otherCustomer } = SHOP_CAST;

type LibraryEnvironment = Environment<typeof LIBRARY_UPSTREAMS>;

/** The series that appear last. */
const LAST_SERIES = [
  /^frontdesk_failed_requests_total\{.*code="UPSTREAM_UNAVAILABLE"/m,
  /^nodejs_gc_duration_seconds_count\{kind="major"/m,
];

/** Writes the library's schema with a deprecated field, which it does not have. */
async function deprecateField(folder: string): Promise<string> {
  const sdl = await readFile(new URL(library.schema), 'utf8');
  const deprecated = sdl.replace(/^( *joinedAt: \S+)/m, '$1 @deprecated(reason: "Unused.")');
  assert.notEqual(deprecated, sdl);
  const file = join(folder, 'schema.graphql');
  await writeFile(file, deprecated);
  return pathToFileURL(file).href;
}

/** Sends one request of each kind that the metrics tell apart. */
async function sendTraffic({ send, services, reset }: LibraryEnvironment): Promise<void> {
  const stored = '{ member(id: "20") { name joinedAt } }';
  await send(stored);
  await send(stored);
  await send(stored, { headers: { 'cache-control': 'no-cache' } });
  await send('{ __typename }');
  await send('{');
  await send('{ member(id: "99999") { name } }');
  await send('{ viewer { id } }', { headers: { authorization: 'Bearer invalid' } });
  await send('mutation { renameMember(name: "Ada") { member { name } } }', { as: CAST.reader });
  await until(
    async () => (await send('{ viewer { id } }', { as: CAST.otherReader })).status === 429,
  );
  services.member.control.faults({ '*': { status: 503 } });
  await send('{ member(id: "21") { name } }');
  reset();
  // Garbage collections are measured by their kind.
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

/**
 * Opens two subscriptions, of which one gets more events than may wait while its service is slow.
 * @returns the other one
 */
async function useSubscriptions(bff: Subscriptions): Promise<AsyncDisposable> {
  const open = await bff.overSse(NOTIFICATIONS, { as: customer });
  void open.next();
  await using slow = await bff.overSse(NOTIFICATIONS, { as: otherCustomer });
  const result = slow.next();
  await bff.untilOpen(2);
  await bff.notify(otherCustomer);
  await result;
  bff.services.notification.control.faults({ notificationsByUsers: { hang: true } });
  await Promise.all(Array.from({ length: MANY_EVENTS }, () => bff.notify(otherCustomer)));
  await until(async () => (await bff.metric('frontdesk_subscriptions_ended_total')) > 0);
  return open;
}

/**
 * Checks an expression against live metrics: its metrics and labels exist, and it has a result.
 * @returns what is wrong
 */
async function faultsOf(prometheus: Prometheus, { expression, labels }: Use): Promise<string[]> {
  const hasLabel = (results: readonly Readonly<Record<string, string>>[], label: string) =>
    results.some((each) => label in each);
  const faults: string[] = [];
  for (const { metric, labels } of selectorsOf(expression)) {
    const series = await prometheus.series(metric);
    if (series.length === 0) faults.push(`there is no metric ${metric}`);
    else {
      const missing = labels.filter((label) => !hasLabel(series, label));
      faults.push(...missing.map((label) => `${metric} has no label ${label}`));
    }
  }
  if (faults.length > 0) return faults;
  const required = [...groupingsOf(expression), { labels, operands: [expression] }];
  for (const { labels, operands } of required) {
    for (const operand of operands) {
      const results = await prometheus.query(withoutFilters(operand));
      if (results.length === 0) faults.push(`no result: ${operand}`);
      const missing = labels.filter((label) => !hasLabel(results, label));
      faults.push(...missing.map((label) => `no label ${label}: ${operand}`));
    }
  }
  return faults;
}

describe('Each expression', { skip: skipWithout('prometheus') }, () => {
  let prometheus: Prometheus;
  const started = new AsyncDisposableStack();
  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'monitoring-'));
    started.defer(() => rm(folder, { recursive: true }));
    const bff = { ...library, schema: await deprecateField(folder) };
    const environment = started.use(
      await startEnvironment(bff, { CACHE_MEMORY_MB: '16', RATE_LIMIT_VIEWER: '60' }),
    );
    addProcessMetrics(environment.metrics);
    await sendTraffic(environment);
    // Requests are counted after their responses, and each series needs as many scrapes as the others.
    await until(async () => {
      const metrics = await (await fetch(`${environment.adminUrl}/metrics`)).text();
      return LAST_SERIES.every((series) => series.test(metrics));
    });
    // A replica with TLS and manifests, and with a Redis and an edge that are down, for the metrics that the first one does not have.
    const tls = started.use(await createListenerTls());
    const redisUrl = `redis://127.0.0.1:${await freePort()}`;
    const replica = started.use(
      await startEnvironment(bff, {
        ...tls.env,
        REDIS_URL: redisUrl,
        EDGE_PURGE_URL: 'http://127.0.0.1:1',
        OPERATIONS_MANIFEST: folder,
      }),
    );
    const subscribed = started.use(await startSubscriptions(PATIENT));
    started.use(await useSubscriptions(subscribed));
    const adminUrls = [environment.adminUrl, replica.adminUrl, subscribed.adminUrl];
    prometheus = started.use(await startPrometheus(bff.name, adminUrls));
    // Two scrapes make a rate, and two evaluations a range of it.
    const rates = 'bff_operation_code:frontdesk_failed_requests:ratio_rate5m';
    await until(
      async () => (await prometheus.query(`count_over_time(${rates}[1m]) >= 2`)).length > 0,
    );
  });
  after(() => started.disposeAsync());

  const assertUses = async (uses: readonly Use[]) => {
    const findFaults = async () => {
      const faults = await Promise.all(
        uses.map(async (use) =>
          (await faultsOf(prometheus, use)).map((fault) => `${use.where}: ${fault}`),
        ),
      );
      return faults.flat().join('\n');
    };
    // A busy machine may be too slow for one scrape, which ends all series until the next one.
    for (let n = 0; n < MAX_SCRAPES && (await findFaults()) !== ''; n++) await sleep(SCRAPE_MS);
    assert.equal(await findFaults(), '');
  };

  it('of the dashboard has results for a BFF with traffic', async () => {
    await assertUses(await dashboardUses());
  });

  it('of the alerts has results for a BFF with traffic, if its threshold is left out', async () => {
    await assertUses(await ruleUses());
  });

  for (const [what, expression, fault] of [
    ['a metric', 'rate(frontdesk_replies_total[1m])', /no metric frontdesk_replies_total/],
    ['a label of a metric', 'up{pod="a"}', /up has no label pod/],
    ['a label in its result', 'sum by (bff, code) (frontdesk_requests_total)', /no label code/],
    ['a label to match', 'up / on (instance, zone) up', /no label zone/],
    ['series', 'frontdesk_requests_total{operation="Missing"}', /no result/],
  ] as const) {
    it(`is refused without ${what} that it needs`, async () => {
      const faults = await faultsOf(prometheus, { where: '', expression, labels: [] });
      assert.match(faults.join(), fault);
    });
  }
});

describe('The dashboard', () => {
  it('has a title, a unit, a description and the chosen data source in each panel', async () => {
    const { panels } = await readDashboard();
    const ids = new Set();
    for (const { id, type, title, description, fieldConfig, datasource, targets } of panels) {
      ids.add(id);
      assert.ok(title);
      if (type === 'row') continue;
      assert.ok(description, title);
      assert.ok(fieldConfig.defaults.unit, title);
      for (const each of [
        datasource,
        ...targets.map(({ datasource }: typeof panels) => datasource),
      ]) {
        assert.deepEqual(each, { type: 'prometheus', uid: '$' + '{datasource}' }, title);
      }
    }
    assert.equal(ids.size, panels.length);
  });

  it('has variables for the data source, the BFF, the instance and the operation', async () => {
    const { templating } = await readDashboard();
    const names = templating.list.map(({ name }: { name: string }) => name);
    assert.deepEqual(names, ['datasource', 'bff', 'instance', 'operation']);
  });
});

describe('Grafana in Compose', () => {
  const deploy = new URL('deploy/', ROOT);
  const readYaml = async (file: string) => parse(await readFile(new URL(file, deploy), 'utf8'));

  it('gets the dashboard where it looks for it, and the address of Prometheus', async () => {
    const { services } = await readYaml('compose.yaml');
    const mounts: string[][] = services.grafana.volumes.map((each: string) => each.split(':'));
    for (const [source = ''] of mounts) await access(new URL(source, deploy));
    const { providers } = await readYaml('grafana/provisioning/dashboards/frontdesk.yml');
    const target = `${providers[0].options.path}/frontdesk.json`;
    assert.deepEqual(
      mounts.find(([, path]) => path === target),
      ['./grafana/frontdesk.json', target, 'ro'],
    );
    const { datasources } = await readYaml('grafana/provisioning/datasources/prometheus.yml');
    assert.equal(datasources[0].url, 'http://prometheus:9090');
    assert.match(services.prometheus.ports[0], /:9090$/);
  });
});

describe('The alerts', () => {
  const promtool = (...args: string[]) => {
    const cwd = fileURLToPath(new URL('deploy/prometheus/', ROOT));
    const { status, stdout, stderr } = spawnSync('promtool', args, { cwd, encoding: 'utf8' });
    assert.equal(status, 0, stdout + stderr);
  };
  const skip = skipWithout('promtool', 'prometheus');

  it('are valid', { skip }, () => promtool('check', 'rules', 'alerts.yml'));

  it('fire on bad input and stay silent on good input', { skip }, () =>
    promtool('test', 'rules', 'alerts.test.yml'),
  );

  it('have a case in which each of them fires', async () => {
    const { alerts } = await readRules();
    const cases = JSON.stringify(await readRuleTests());
    const untested = alerts.filter(({ alert }) => !cases.includes(`alertname=\\"${alert}\\"`));
    assert.deepEqual(untested, []);
  });

  it('have a duration, a severity, and texts for the person who gets them', async () => {
    for (const { alert, for: duration, labels, annotations } of (await readRules()).alerts) {
      assert.match(duration, /^\d+m$/, alert);
      assert.match(labels.severity ?? '', /^(page|ticket)$/, alert);
      assert.ok(annotations.summary && annotations.description, alert);
    }
  });

  it('link the section of the runbook about them, which has one for each and no other', async () => {
    const { alerts } = await readRules();
    for (const { alert, annotations } of alerts) {
      assert.equal(annotations.runbook_url, `${RUNBOOK_URL}#${alert.toLowerCase()}`);
    }
    assert.deepEqual((await readRunbook()).toSorted(), alerts.map(({ alert }) => alert).toSorted());
  });
});
