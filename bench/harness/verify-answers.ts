import { isDeepStrictEqual } from 'node:util';
import type { Peer } from '../peers/index.ts';
import type { Probe } from '../workloads/workload.ts';
import { send } from './send.ts';
import type { Server } from './server-process.ts';

/**
 * Sends a peer every probe and compares its answers with the expected ones, ignoring key order.
 * @param peer - the checks that this peer is exempt from
 * @returns one line for each wrong answer; a peer with any must not be measured
 */
export async function verifyAnswers(
  { origin }: Server,
  probes: readonly Probe[],
  peer: Pick<Peer, 'ignoresCase' | 'ignoresRoles'> = {},
): Promise<readonly string[]> {
  const faults: string[] = [];
  const normalise = (value: unknown) =>
    peer.ignoresCase ? JSON.parse(JSON.stringify(value).toLowerCase()) : value;
  for (const { name, request, expected, checksRoles } of probes) {
    if (checksRoles && peer.ignoresRoles) continue;
    const response = await send(origin, request);
    const text = await response.text();
    const body = parseBody(text);
    const isExpected =
      expected === undefined
        ? isRefusal(response.status, body)
        : response.status === 200 &&
          body !== undefined &&
          isDeepStrictEqual(normalise(body), normalise(expected));
    if (!isExpected) faults.push(`${name}: ${response.status} ${text.slice(0, 200)}`);
  }
  return faults;
}

interface GraphQLBody {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly unknown[];
}

function isRefusal(status: number, body: GraphQLBody | undefined): boolean {
  const hasError = status === 401 || (body?.errors?.length ?? 0) > 0;
  return hasError && Object.values(body?.data ?? {}).every((field) => field === null);
}

function parseBody(text: string): GraphQLBody | undefined {
  try {
    return JSON.parse(text) as GraphQLBody;
  } catch {
    return undefined;
  }
}
