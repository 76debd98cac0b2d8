import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadCommittedOperations } from '../../src/operations/index.ts';
import { buildSchema } from '../../src/server/build-schema.ts';
import { BFFS } from './bffs.ts';
import { type HttpRequest, type HttpResponse, jsonPost, send } from './http-client.ts';
import { SKIP_IN_SHORT_MODE } from './mode.ts';
import { assertErrorFormat, codesOf } from './responses.ts';
import { startTargetProcess } from './target-process.ts';
import { hashOnly } from './transports.ts';

const PEAK_MS = 4_000;
const OVERLOAD_MS = 8_000;
const TIMES = 3;
const CONNECTIONS = 64;
/** Open requests at once: each new one is a new connection, of which one is accepted in each turn. */
const MOST_OPEN = 400;
/** Of the requests, those whose connection breaks before there is an answer. */
const MOST_BROKEN = 0.01;
const PROBE_MS = 100;
const LONGEST_PROBE_MS = 2_000;
/** Of what is wanted (90 %), what must be there on a machine that has other things to do. */
const LEAST_GOODPUT = 0.6;

/** Fields of texts that take a usual time to validate, and of those that take the longest allowed. */
const FIELDS = { usual: 100, long: 280 };

let number = 0;
/** A text never seen before, so that it must be parsed and validated. */
const adHoc = (endpoint: string, fields: number): HttpRequest =>
  jsonPost(endpoint, { query: `query Q${number++} { ${'__typename '.repeat(fields)} }` });

for (const bff of BFFS) {
  it(`${bff.name}: a process that has just started refuses none of 300 connections`, async () => {
    await using target = await startTargetProcess(bff, { LOG_LEVEL: 'silent' });
    const statuses = new Map<number, number>();
    const one = async () => {
      // All of them together are fewer than it takes until a process is warm.
      for (let n = 0; n < 3; n++) {
        const { status } = await send(adHoc(target.endpoint, FIELDS.usual));
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: 300 }, one));
    assert.deepEqual([...statuses], [[200, 900]]);
  });
}

for (const [bff, [what, fields]] of BFFS.flatMap((bff) =>
  Object.entries(FIELDS).map((kind) => [bff, kind] as const),
)) {
  it(`${bff.name}: three times the ${what} texts that can be served`, {
    skip: SKIP_IN_SHORT_MODE,
  }, async (t) => {
    await using target = await startTargetProcess(bff, { LOG_LEVEL: 'silent' });
    const committed = loadCommittedOperations(bff.operations, buildSchema(bff)).find(({ name }) =>
      ['PublicProfile', 'OrderDetail'].includes(name),
    );
    const known = jsonPost(target.endpoint, {
      ...hashOnly({ query: committed?.source }),
      variables: { id: '42' },
    });
    await closedLoop(target.endpoint, fields, 1_000);
    const peak = await closedLoop(target.endpoint, fields, PEAK_MS);

    const probes = startProbes({
      health: { url: `${target.url}/healthz` },
      admin: { url: `${target.adminUrl}/metrics` },
      committed: known,
    });
    const { answers, unsent, broken } = await openLoop(target.endpoint, fields, peak * TIMES);
    const seen = await probes.end();

    const good = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status !== 200);
    const goodput = good.length / (OVERLOAD_MS / 1_000);
    t.diagnostic(
      `peak ${Math.round(peak)}/s; offered ${Math.round(peak * TIMES)}/s, ${unsent} not sent`,
    );
    t.diagnostic(`goodput ${Math.round(goodput)}/s, ${Math.round((goodput / peak) * 100)} %`);
    t.diagnostic(`connections broken: ${broken.size === 0 ? 'none' : [...broken].join(', ')}`);
    tell(t, 'answered', good);
    tell(t, 'refused', refused);
    for (const [probe, received] of Object.entries(seen)) tell(t, probe, received);

    assert.ok(goodput > peak * LEAST_GOODPUT, `${goodput} of ${peak} per second`);
    assert.ok(refused.length > 0, 'some are refused');
    const lost = [...broken.values()].reduce((sum, count) => sum + count, 0);
    assert.ok(lost <= answers.length * MOST_BROKEN, `${lost} connections broken`);
    for (const received of refused) demandOverloaded(received);
    for (const probe of ['health', 'admin'] as const) {
      for (const { status, ms } of seen[probe] ?? []) {
        assert.ok(status < 500 && ms < LONGEST_PROBE_MS, `${probe}: ${status} after ${ms} ms`);
      }
    }
    const served = (seen.committed ?? []).filter(({ status }) => status === 200).length;
    const share = served / (seen.committed?.length ?? 1);
    t.diagnostic(`committed operations: ${Math.round(share * 100)} % served`);
    assert.ok(share >= good.length / answers.length, 'committed operations come first');

    await sleep(5_000);
    for (let n = 0; n < 20; n++)
      assert.equal((await send(adHoc(target.endpoint, fields))).status, 200);
  });
}

/** @returns answers per second, with a request under way on each connection */
async function closedLoop(endpoint: string, fields: number, ms: number): Promise<number> {
  const start = performance.now();
  let count = 0;
  const one = async () => {
    while (performance.now() - start < ms) {
      if ((await send(adHoc(endpoint, fields))).status === 200) count++;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
  return count / ((performance.now() - start) / 1_000);
}

/** Sends at a rate, whether or not there are answers. */
async function openLoop(endpoint: string, fields: number, rate: number) {
  const answers: HttpResponse[] = [];
  const broken = new Map<string, number>();
  const open = new Set<Promise<unknown>>();
  const start = performance.now();
  let unsent = 0;
  for (let sent = 0; performance.now() - start < OVERLOAD_MS; ) {
    const due = Math.floor(((performance.now() - start) / 1_000) * rate);
    for (; sent < due; sent++) {
      if (open.size >= MOST_OPEN) {
        unsent++;
        continue;
      }
      const one = send(adHoc(endpoint, fields))
        .then(
          (received) => answers.push(received),
          ({ message }: Error) => broken.set(message, (broken.get(message) ?? 0) + 1),
        )
        .finally(() => open.delete(one));
      open.add(one);
    }
    await sleep(1);
  }
  await Promise.all(open);
  return { answers, unsent, broken };
}

/** Asks for each thing again and again, until it is ended. */
function startProbes(probes: Readonly<Record<string, HttpRequest>>) {
  const ending = new AbortController();
  const all = Object.entries(probes).map(
    async ([what, sent]): Promise<[string, HttpResponse[]]> => {
      const received: HttpResponse[] = [];
      while (!ending.signal.aborted) {
        received.push(await send(sent));
        await sleep(PROBE_MS);
      }
      return [what, received];
    },
  );
  return {
    async end(): Promise<Record<string, HttpResponse[]>> {
      ending.abort();
      return Object.fromEntries(await Promise.all(all));
    },
  };
}

function demandOverloaded(received: HttpResponse): void {
  const { status, headers, text } = received;
  assert.equal(status, 503, text);
  assertErrorFormat(received, 'the refusal');
  assert.deepEqual(codesOf(received), ['OVERLOADED']);
  assert.match(headers['retry-after'] ?? '', /^[1-9]\d*$/);
}

function tell(t: TestContext, what: string, received: readonly HttpResponse[]): void {
  const times = received.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);
  const statuses = Object.entries(Object.groupBy(received, ({ status }) => status));
  const counts = statuses.map(([status, of]) => `${of?.length} × ${status}`).join(', ');
  t.diagnostic(`${what}: ${counts || 'none'}; p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
}
