import { describeFunction, type FunctionInfo } from './code-owner.ts';
import type { CpuProfile, Recording } from './recording.ts';

/** A function called from one place in the tree. Times are in microseconds per request. */
export interface CallNode extends FunctionInfo {
  self: number;
  /** Self time plus that of all calls below. */
  total: number;
  readonly calls: CallNode[];
}

type ProfileNode = CpuProfile['nodes'][number];

/**
 * Converts a profile to a call tree of the main thread's CPU time. The profile provides the shares; the
 * total that they are shares of was measured without the profiler. Idle time of the event loop is left
 * out.
 */
export function toCallTree({ profile, usage, plain }: Recording): CallNode {
  const selfTimes = selfTimesOf(profile);
  const total = selfTimes.values().reduce((sum, time) => sum + time, 0);
  const scale = plain.usage.mainThreadUs / plain.requests / (total - usage.idleUs);
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));

  /** @param sameSite - nodes of one function called from one place, which become one */
  const toNode = (sameSite: readonly ProfileNode[], callerOwner: string): CallNode => {
    const [{ callFrame }] = sameSite as [ProfileNode];
    const info = describeFunction(callFrame, callerOwner);
    const idleUs = callFrame.functionName === '(idle)' ? usage.idleUs : 0;
    const time = sameSite.reduce((sum, { id }) => sum + (selfTimes.get(id) ?? 0), -idleUs);
    const children = sameSite
      .flatMap(({ children = [] }) => children)
      .map((id) => nodes.get(id) as ProfileNode);
    const calls = Map.groupBy(children, callSiteKey)
      .values()
      .map((group) => toNode(group, info.owner))
      .toArray();
    const self = Math.max(0, time) * scale;
    return { ...info, self, total: calls.reduce((sum, call) => sum + call.total, self), calls };
  };
  return toNode(profile.nodes.slice(0, 1), 'all');
}

const callSiteKey = ({ callFrame }: ProfileNode): string => {
  const { functionName, scriptId, lineNumber, columnNumber } = callFrame;
  return `${functionName} ${scriptId}:${lineNumber}:${columnNumber}`;
};

/** Self time of each node by id, in microseconds: from each of its samples to the next sample. */
function selfTimesOf({ samples = [], timeDeltas = [] }: CpuProfile): Map<number, number> {
  const times = new Map<number, number>();
  for (const [index, id] of samples.entries()) {
    times.set(id, (times.get(id) ?? 0) + (timeDeltas[index + 1] ?? 0));
  }
  return times;
}
