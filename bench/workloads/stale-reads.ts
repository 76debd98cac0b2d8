import { setTimeout as sleep } from 'node:timers/promises';
import type { PurgeClient } from './purge-client.ts';

/** Long enough for a read to be at the service, which answers it later (see USER_DELAY_MS). */
const READ_LEAD_MS = 2;
export const USER_DELAY_MS = 6;

export interface Findings {
  checks: number;
  /** Answers that had the old name after the change was answered. */
  stale: number;
  /** Requests that were not answered as they must be. */
  errors: number;
  /** How long each took, in milliseconds. */
  readonly purges: number[];
  readonly mutations: number[];
}

/**
 * Changes the name of one user after the other, in turn at the service, with a purge, and by a
 * mutation, and reads it at once.
 * @param everyMs - how long after a check the next one begins, whether the first has ended or not
 */
export async function findStaleReads(
  client: PurgeClient,
  userIds: readonly string[],
  everyMs: number,
  seconds: number,
): Promise<Findings> {
  const found: Findings = { checks: 0, stale: 0, errors: 0, purges: [], mutations: [] };
  const checks: Promise<void>[] = [];
  const start = performance.now();
  for (const id of userIds) {
    const turn = checks.length;
    const wait = start + turn * everyMs - performance.now();
    if (wait > 0) await sleep(wait);
    if (performance.now() - start > seconds * 1_000) break;
    const check = turn % 2 ? checkMutation(client, id, found) : checkPurge(client, id, found);
    checks.push(check.catch((error: Error) => fail(found, error)));
  }
  await Promise.all(checks);
  return found;
}

const checkPurge = (client: PurgeClient, id: string, found: Findings): Promise<void> =>
  check(client, id, found, async (name) => {
    await client.renameAtService(id, name);
    found.purges.push(await client.purge(id));
  });

const checkMutation = (client: PurgeClient, id: string, found: Findings): Promise<void> =>
  check(client, id, found, async (name) => {
    found.mutations.push(await client.renameSelf(id, name));
  });

/** What was read before the change must neither be answered nor stored after it. */
async function check(
  client: PurgeClient,
  id: string,
  found: Findings,
  change: (name: string) => Promise<void>,
): Promise<void> {
  const name = `Robin Renamed ${id}`;
  // Nothing is stored now, so that the next one reads the old name, and brings it when it is late.
  found.purges.push(await client.purge(id));
  const late = client.nameOf(id);
  await sleep(READ_LEAD_MS);
  await change(name);
  if ((await client.nameOf(id)) !== name) found.stale++;
  await late;
  if ((await client.nameOf(id)) !== name) found.stale++;
  found.checks++;
}

function fail(found: Findings, error: Error): void {
  if (found.errors++ === 0) process.stderr.write(`${error.message}\n`);
}
