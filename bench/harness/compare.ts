import { isDeepStrictEqual } from 'node:util';
import type { Peer } from '../peers/index.ts';
import type { Probe } from '../workloads/workload.ts';
import type { Server } from './processes.ts';
import { send } from './send.ts';

/**
 * Asks a peer every probe. Key order does not count.
 * @param peer - what the peer can't do
 * @returns what is wrong with its answers, one line each; a peer with any must not be timed
 */
export async function findFaults(
  { origin }: Server,
  probes: readonly Probe[],
  peer: Pick<Peer, 'isCaseless' | 'hasNoRoles'> = {},
): Promise<readonly string[]> {
  const faults: string[] = [];
  const caseless = (value: unknown) =>
    peer.isCaseless ? JSON.parse(JSON.stringify(value).toLowerCase()) : value;
  for (const { what, request, expected, isOfRoles } of probes) {
    if (isOfRoles && peer.hasNoRoles) continue;
    const response = await send(origin, request);
    const text = await response.text();
    const said = `${what}: ${response.status} ${text.slice(0, 200)}`;
    const answer = parse(text);
    const wrong =
      expected === undefined
        ? !isRefusal(response.status, answer)
        : response.status !== 200 ||
          !answer ||
          !isDeepStrictEqual(caseless(answer), caseless(expected));
    if (wrong) faults.push(said);
  }
  return faults;
}

interface Body {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly unknown[];
}

function isRefusal(status: number, body: Body | undefined): boolean {
  const refused = status === 401 || (body?.errors?.length ?? 0) > 0;
  return refused && Object.values(body?.data ?? {}).every((field) => field === null);
}

function parse(text: string): Body | undefined {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return undefined;
  }
}
