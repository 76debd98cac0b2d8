import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/until.ts';
import { BFFS } from './bffs.ts';
import { committedQueryOf } from './committed-query.ts';
import { type HttpRequest, type HttpResponse, jsonPost, send } from './http-client.ts';
import { SKIP_IN_SHORT_MODE, shortOrFull } from './mode.ts';
import { assertErrorFormat, codesOf } from './responses.ts';
import { startTargetProcess } from './target-process.ts';
import { hashOnly } from './transports.ts';

const PEAK_MS = 4_000;
const OVERLOAD_MS = 8_000;
const LOAD_FACTOR = 3;
const CONNECTIONS = 64;
/** Maximum open requests: each is a new connection, and Node accepts one of them per turn of the event loop. */
const MAX_OPEN = 400;
/** Maximum share of requests whose connection breaks before the response. */
const MAX_BROKEN = 0.01;
const MAX_RECOVERY_MS = 5_000;
const PROBE_INTERVAL_MS = 100;
const MAX_PROBE_MS = 2_000;
/** Minimum share of the peak throughput; 90 % is wanted, but the machine is shared. */
const MIN_GOODPUT = 0.6;

/** Number of fields of typical documents, and of the largest ones that the limits allow. */
const FIELDS = { typical: 100, large: 280 };

let number = 0;
/** A document that the server has not seen, so that it must be parsed and validated. */
const adHoc = (endpoint: string, fields: number): HttpRequest =>
  jsonPost(endpoint, { query: `query Q${number++} { ${'__typename '.repeat(fields)} }` });

// The short mode tests one BFF, because admission control is the same in all.
for (const bff of shortOrFull(BFFS.slice(0, 1), BFFS)) {
  it(`The ${bff.name} BFF, just started, rejects no request of 300 connections`, async () => {
    await using target = await startTargetProcess(bff, { LOG_LEVEL: 'silent' });
    const statuses = new Map<number, number>();
    const sendThree = async () => {
      // The process is still cold after 900 requests.
      for (let n = 0; n < 3; n++) {
        const { status } = await send(adHoc(target.endpoint, FIELDS.typical));
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: 300 }, sendThree));
    assert.deepEqual([...statuses], [[200, 900]]);
  });
}

for (const [bff, [what, fields]] of BFFS.flatMap((bff) =>
  Object.entries(FIELDS).map((kind) => [bff, kind] as const),
)) {
  it(`The ${bff.name} BFF serves its peak load when it gets three times as many ${what} documents`, {
    skip: SKIP_IN_SHORT_MODE,
  }, async (t) => {
    await using target = await startTargetProcess(bff, { LOG_LEVEL: 'silent' });
    const { source, variables } = committedQueryOf(bff);
    const committed = jsonPost(target.endpoint, { ...hashOnly({ query: source }), variables });
    await closedLoop(target.endpoint, fields, 1_000);
    const peak = await closedLoop(target.endpoint, fields, PEAK_MS);

    const probes = startProbes({
      health: { url: `${target.url}/healthz` },
      admin: { url: `${target.adminUrl}/metrics` },
      committed,
    });
    const load = await openLoop(target.endpoint, fields, peak * LOAD_FACTOR);
    const { responses, unsent, broken } = load;
    const probed = await probes.end();

    const served = responses.filter(({ status }) => status === 200);
    const rejected = responses.filter(({ status }) => status !== 200);
    const goodput = served.length / (OVERLOAD_MS / 1_000);
    t.diagnostic(
      `peak ${Math.round(peak)}/s; offered ${Math.round(peak * LOAD_FACTOR)}/s, ${unsent} not sent`,
    );
    t.diagnostic(`goodput ${Math.round(goodput)}/s, ${Math.round((goodput / peak) * 100)} %`);
    t.diagnostic(`connections broken: ${broken.size === 0 ? 'none' : [...broken].join(', ')}`);
    report(t, 'served', served);
    report(t, 'rejected', rejected);
    for (const [probe, responses] of Object.entries(probed)) report(t, probe, responses);

    assert.ok(goodput > peak * MIN_GOODPUT, `${goodput} of ${peak} per second`);
    assert.ok(rejected.length > 0, 'none is rejected');
    const brokenCount = [...broken.values()].reduce((sum, count) => sum + count, 0);
    assert.ok(brokenCount <= responses.length * MAX_BROKEN, `${brokenCount} connections broken`);
    for (const response of rejected) assertOverloaded(response);
    for (const probe of ['health', 'admin'] as const) {
      for (const { status, ms } of probed[probe] ?? []) {
        assert.ok(status < 500 && ms < MAX_PROBE_MS, `${probe}: ${status} after ${ms} ms`);
      }
    }
    const responsesToCommitted = probed.committed ?? [];
    const servedCommitted = responsesToCommitted.filter(({ status }) => status === 200);
    const share = servedCommitted.length / responsesToCommitted.length;
    t.diagnostic(`committed operations: ${Math.round(share * 100)} % served`);
    assert.ok(share >= served.length / responses.length, 'committed operations come first');

    const overloadEnd = performance.now();
    await until(async () => (await send(adHoc(target.endpoint, fields))).status === 200);
    assert.ok(performance.now() - overloadEnd < MAX_RECOVERY_MS, 'no recovery');
    for (let n = 0; n < 20; n++)
      assert.equal((await send(adHoc(target.endpoint, fields))).status, 200);
  });
}

/** Sends a request on each connection as soon as the last one is answered, and measures responses per second. */
async function closedLoop(endpoint: string, fields: number, ms: number): Promise<number> {
  const start = performance.now();
  let count = 0;
  const sendRepeatedly = async () => {
    while (performance.now() - start < ms) {
      if ((await send(adHoc(endpoint, fields))).status === 200) count++;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, sendRepeatedly));
  return count / ((performance.now() - start) / 1_000);
}

/** Sends requests at a rate, independently of the responses. */
async function openLoop(endpoint: string, fields: number, rate: number) {
  const responses: HttpResponse[] = [];
  const broken = new Map<string, number>();
  const open = new Set<Promise<unknown>>();
  const start = performance.now();
  let unsent = 0;
  for (let sent = 0; performance.now() - start < OVERLOAD_MS; ) {
    const due = Math.floor(((performance.now() - start) / 1_000) * rate);
    for (; sent < due; sent++) {
      if (open.size >= MAX_OPEN) {
        unsent++;
        continue;
      }
      const request = send(adHoc(endpoint, fields))
        .then(
          (response) => responses.push(response),
          ({ message }: Error) => broken.set(message, (broken.get(message) ?? 0) + 1),
        )
        .finally(() => open.delete(request));
      open.add(request);
    }
    await sleep(1);
  }
  await Promise.all(open);
  return { responses, unsent, broken };
}

/** Sends each request again and again, until `end` is called. */
function startProbes(probes: Readonly<Record<string, HttpRequest>>) {
  const ending = new AbortController();
  const all = Object.entries(probes).map(
    async ([name, request]): Promise<[string, HttpResponse[]]> => {
      const responses: HttpResponse[] = [];
      while (!ending.signal.aborted) {
        responses.push(await send(request));
        await sleep(PROBE_INTERVAL_MS);
      }
      return [name, responses];
    },
  );
  return {
    async end(): Promise<Record<string, HttpResponse[]>> {
      ending.abort();
      return Object.fromEntries(await Promise.all(all));
    },
  };
}

function assertOverloaded(response: HttpResponse): void {
  const { status, headers, text } = response;
  assert.equal(status, 503, text);
  assertErrorFormat(response, 'overload');
  assert.deepEqual(codesOf(response), ['OVERLOADED']);
  assert.match(headers['retry-after'] ?? '', /^[1-9]\d*$/);
}

function report(t: TestContext, what: string, responses: readonly HttpResponse[]): void {
  const times = responses.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);
  const statuses = Object.entries(Object.groupBy(responses, ({ status }) => status));
  const counts = statuses.map(([status, of]) => `${of?.length} × ${status}`).join(', ');
  t.diagnostic(`${what}: ${counts || 'none'}; p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
}
