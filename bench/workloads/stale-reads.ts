import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PurgeClient } from './purge-client.ts';

/** Delay of the user service. */
export const USER_DELAY_MS = 6;
/** Head start of a read, so that it is waiting at the service when the change arrives. */
const READ_LEAD_MS = 2;
const DELAY_RESOLUTION_MS = 1;
const SHOWN_TIMEOUT_MS = 5_000;

export interface StaleReadResult {
  checks: number;
  /** Reads that returned the old name although they were sent after the change had completed. */
  stale: number;
  /** Checks that failed because of an unexpected answer. */
  errors: number;
  /** Latencies. */
  readonly mutationsMs: number[];
  /** Times from the answer to a purge until another replica has returned the new name. */
  readonly shownMs: number[];
  /**
   * The 99th percentile of the time by which a timer of this process was late. It waits for the CPU, which it
   * may share with the load generator and the upstream, and so do the answers whose latency it measures.
   */
  clientP99DelayMs: number;
}

/** The replica that receives the changes, and another one that shares its Redis. */
export interface Replicas {
  readonly client: PurgeClient;
  readonly other: PurgeClient | undefined;
}

type Check = (replicas: Replicas, id: string, result: StaleReadResult) => Promise<void>;

/**
 * Changes the name of one user after another and reads it immediately. Changes alternate between the
 * service, followed by a purge, and the mutation; with another replica, every third one is read there.
 * @param intervalMs - time between the starts of two checks, which may overlap
 */
export async function findStaleReads(
  replicas: Replicas,
  userIds: readonly string[],
  intervalMs: number,
  seconds: number,
): Promise<StaleReadResult> {
  const timings = { mutationsMs: [], shownMs: [] };
  const result: StaleReadResult = {
    checks: 0,
    stale: 0,
    errors: 0,
    clientP99DelayMs: 0,
    ...timings,
  };
  const kinds = [checkPurge, checkMutation, ...(replicas.other ? [checkOther] : [])];
  const checks: Promise<void>[] = [];
  const delays = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  delays.enable();
  const start = performance.now();
  for (const id of userIds) {
    const turn = checks.length;
    const waitMs = start + turn * intervalMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    if (performance.now() - start > seconds * 1_000) break;
    const check = kinds[turn % kinds.length] as Check;
    checks.push(check(replicas, id, result).catch((error: Error) => recordFailure(result, error)));
  }
  await Promise.all(checks);
  result.clientP99DelayMs = delays.percentile(99) / 1e6 - DELAY_RESOLUTION_MS;
  delays.disable();
  return result;
}

const checkPurge: Check = ({ client }, id, result) =>
  checkChange(client, id, result, async (name) => {
    await client.renameAtService(id, name);
    await client.purge(id);
  });

const checkMutation: Check = ({ client }, id, result) =>
  checkChange(client, id, result, async (name) => {
    result.mutationsMs.push(await client.renameByMutation(id, name));
  });

/** Verifies that a value read before the change is neither served nor stored after it. */
async function checkChange(
  client: PurgeClient,
  id: string,
  result: StaleReadResult,
  change: (name: string) => Promise<void>,
): Promise<void> {
  const name = newNameOf(id);
  // With nothing stored, this read fetches the old name and completes only after the change.
  await client.purge(id);
  const overlappingRead = client.nameOf(id);
  await sleep(READ_LEAD_MS);
  await change(name);
  if ((await client.nameOf(id)) !== name) result.stale++;
  await overlappingRead;
  if ((await client.nameOf(id)) !== name) result.stale++;
  result.checks++;
}

/** Measures how long another replica, which has stored the old name, shows it after a purge. */
const checkOther: Check = async ({ client, other = client }, id, result) => {
  const name = newNameOf(id);
  await other.nameOf(id);
  await client.renameAtService(id, name);
  await client.purge(id);
  const start = performance.now();
  while ((await other.nameOf(id)) !== name) {
    if (performance.now() - start > SHOWN_TIMEOUT_MS) throw new Error('the change is never shown');
  }
  result.shownMs.push(performance.now() - start);
  result.checks++;
};

const newNameOf = (id: string): string => `Robin Renamed ${id}`;

function recordFailure(result: StaleReadResult, error: Error): void {
  if (result.errors++ === 0) process.stderr.write(`${error.message}\n`);
}
