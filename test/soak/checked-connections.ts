import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom, SEED } from '../attack/random.ts';
import { createClient } from '../support/http-client.ts';
import { mapConcurrently } from '../support/map-concurrently.ts';
import { createCheckedUser } from './checked-user.ts';
import { expectedDashboards } from './expected-dashboards.ts';
import type { Print } from './run-rounds.ts';
import type { SoakSettings } from './settings.ts';
import { type ScenarioOptions, startSoakEnvironment } from './soak-environment.ts';

const FIRST_USER = 101;
const MAX_SHOWN = 10;
/** Of each user: a slow machine takes longer for them than a short run lasts, and a dashboard must be among them. */
const MIN_ANSWERS = 8;
/** The Retry-After of an overloaded BFF. */
const RETRY_AFTER_MS = 1_000;
/** The share of latencies below the printed one. */
const QUANTILES = [0.5, 0.99, 1];

/**
 * Many users at once, each on a connection of its own. Every body is compared with what its user must
 * get, names that users change meanwhile included.
 * @returns the faults
 */
export async function runCheckedConnections(
  { connections, connectionsMs, pauseMs }: SoakSettings,
  print: Print,
  options: ScenarioOptions = {},
): Promise<string[]> {
  await using environment = await startSoakEnvironment(options);
  const { bff, endpoint, headersOf } = environment;
  const ids = Array.from({ length: connections }, (_, index) => String(FIRST_USER + index));
  const expected = await expectedDashboards(environment, ids);
  const others = [...expected.values()];
  const users = await mapConcurrently(ids, async (id) => {
    const dashboard = expected.get(id);
    if (!dashboard) throw new Error(`no user ${id}`);
    return createCheckedUser({
      id,
      endpoint,
      headers: await headersOf(id),
      expected: dashboard,
      others,
    });
  });
  const counts = { responses: 0, failed: 0, refused: 0, wrong: 0 };
  const faults: string[] = [];
  const latencies: number[] = [];
  const end = performance.now() + connectionsMs;

  await Promise.all(
    users.map(async ({ step }, index) => {
      const client = createClient(1);
      const random = createRandom(SEED + index);
      let answered = 0;
      while ((performance.now() < end || answered < MIN_ANSWERS) && bff.isAlive()) {
        await sleep((random.below(2_000) / 1_000) * pauseMs);
        const startedAt = performance.now();
        const verdict = await step(client, random);
        latencies.push(performance.now() - startedAt);
        counts.responses++;
        if (verdict?.kind !== 'refused') answered++;
        if (!verdict) continue;
        counts[verdict.kind]++;
        if (verdict.kind === 'refused') await sleep(RETRY_AFTER_MS);
        else if (faults.length < MAX_SHOWN) {
          faults.push(`user ${ids[index]}: ${verdict.kind}: ${verdict.reason}`);
        }
      }

      client.close();
    }),
  );
  latencies.sort((a, b) => a - b);
  const quantiles = QUANTILES.map((share) => latencies[Math.ceil(latencies.length * share) - 1]);
  print(
    `${connections} connections, ${connectionsMs / 1_000} s: ${counts.responses} responses, ` +
      `${counts.failed} failed, ${counts.refused} refused, ${counts.wrong} wrong; ` +
      `p50, p99, max ${quantiles.map((ms) => ms?.toFixed(0)).join(', ')} ms`,
  );
  if (counts.refused > 0) faults.push(`${counts.refused} requests were refused: overloaded`);
  return [...faults, ...bff.errors().map((line) => `the BFF logged an error: ${line}`)];
}
