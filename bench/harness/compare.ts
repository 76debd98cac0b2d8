import { isDeepStrictEqual } from 'node:util';
import type { Probe } from '../workloads/workload.ts';
import type { Server } from './processes.ts';
import { send } from './send.ts';

/**
 * Asks a peer every probe. Key order does not count.
 * @returns what is wrong with its answers, one line each; a peer with any must not be timed
 */
export async function findFaults(
  { origin }: Server,
  probes: readonly Probe[],
): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const { what, request, expected } of probes) {
    const response = await send(origin, request);
    const text = await response.text();
    const said = `${what}: ${response.status} ${text.slice(0, 200)}`;
    const answer = parse(text);
    const wrong =
      expected === undefined
        ? !isRefusal(response.status, answer)
        : response.status !== 200 || !isDeepStrictEqual(answer, expected);
    if (wrong) faults.push(said);
  }
  return faults;
}

interface Body {
  readonly data?: { readonly dashboard?: unknown } | null;
  readonly errors?: readonly unknown[];
}

function isRefusal(status: number, body: Body | undefined): boolean {
  const refused = status === 401 || (body?.errors?.length ?? 0) > 0;
  return refused && body?.data?.dashboard == null;
}

function parse(text: string): Body | undefined {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return undefined;
  }
}
