import { setTimeout as sleep } from 'node:timers/promises';
import type { PurgeClient } from './purge-client.ts';

/** Delay of the user service. */
export const USER_DELAY_MS = 6;
/** Head start of a read, so that it is waiting at the service when the change arrives. */
const READ_LEAD_MS = 2;

export interface StaleReadResult {
  checks: number;
  /** Reads that returned the old name although they were sent after the change had completed. */
  stale: number;
  /** Checks that failed because of an unexpected answer. */
  errors: number;
  /** Latencies. */
  readonly purgesMs: number[];
  readonly mutationsMs: number[];
}

/**
 * Changes the name of one user after another and reads it immediately. Changes alternate between the
 * service, followed by a purge, and the mutation.
 * @param intervalMs - time between the starts of two checks, which may overlap
 */
export async function findStaleReads(
  client: PurgeClient,
  userIds: readonly string[],
  intervalMs: number,
  seconds: number,
): Promise<StaleReadResult> {
  const result: StaleReadResult = { checks: 0, stale: 0, errors: 0, purgesMs: [], mutationsMs: [] };
  const checks: Promise<void>[] = [];
  const start = performance.now();
  for (const id of userIds) {
    const turn = checks.length;
    const waitMs = start + turn * intervalMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    if (performance.now() - start > seconds * 1_000) break;
    const check = turn % 2 ? checkMutation(client, id, result) : checkPurge(client, id, result);
    checks.push(check.catch((error: Error) => recordFailure(result, error)));
  }
  await Promise.all(checks);
  return result;
}

const checkPurge = (client: PurgeClient, id: string, result: StaleReadResult): Promise<void> =>
  check(client, id, result, async (name) => {
    await client.renameAtService(id, name);
    result.purgesMs.push(await client.purge(id));
  });

const checkMutation = (client: PurgeClient, id: string, result: StaleReadResult): Promise<void> =>
  check(client, id, result, async (name) => {
    result.mutationsMs.push(await client.renameByMutation(id, name));
  });

/** Verifies that a value read before the change is neither served nor stored after it. */
async function check(
  client: PurgeClient,
  id: string,
  result: StaleReadResult,
  change: (name: string) => Promise<void>,
): Promise<void> {
  const name = `Robin Renamed ${id}`;
  // With nothing stored, this read fetches the old name and completes only after the change.
  result.purgesMs.push(await client.purge(id));
  const overlappingRead = client.nameOf(id);
  await sleep(READ_LEAD_MS);
  await change(name);
  if ((await client.nameOf(id)) !== name) result.stale++;
  await overlappingRead;
  if ((await client.nameOf(id)) !== name) result.stale++;
  result.checks++;
}

function recordFailure(result: StaleReadResult, error: Error): void {
  if (result.errors++ === 0) process.stderr.write(`${error.message}\n`);
}
