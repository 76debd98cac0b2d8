import { type Code, codeOf } from './owner.ts';
import type { CpuProfile, Recording } from './recording.ts';

/** A function called from one place in the tree, with microseconds per request. */
export interface Call extends Code {
  self: number;
  /** Itself, and what it called. */
  total: number;
  readonly calls: Call[];
}

type Node = CpuProfile['nodes'][number];

/**
 * What was called by whom, and the main thread's CPU time. The profile tells the shares; how much they
 * are shares of was measured without the profiler. What the event loop waited is left out.
 */
export function toTree({ profile, usage, plain }: Recording): Call {
  const times = timesOf(profile);
  const all = times.values().reduce((sum, time) => sum + time, 0);
  const scale = plain.usage.mainUs / plain.requests / (all - usage.waitedUs);
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));

  const toCall = (same: readonly Node[], caller: string): Call => {
    const [{ callFrame }] = same as [Node];
    const code = codeOf(callFrame, caller);
    const waited = callFrame.functionName === '(idle)' ? usage.waitedUs : 0;
    const time = same.reduce((sum, { id }) => sum + (times.get(id) ?? 0), -waited);
    const children = same
      .flatMap(({ children = [] }) => children)
      .map((id) => nodes.get(id) as Node);
    const calls = Map.groupBy(children, keyOf)
      .values()
      .map((group) => toCall(group, code.owner))
      .toArray();
    const self = Math.max(0, time) * scale;
    return { ...code, self, total: calls.reduce((sum, { total }) => sum + total, self), calls };
  };
  return toCall(profile.nodes.slice(0, 1), 'all');
}

const keyOf = ({ callFrame }: Node): string => {
  const { functionName, scriptId, lineNumber, columnNumber } = callFrame;
  return `${functionName} ${scriptId}:${lineNumber}:${columnNumber}`;
};

/** How long the process was in each node itself, in microseconds: until the next sample. */
function timesOf({ samples = [], timeDeltas = [] }: CpuProfile): Map<number, number> {
  const times = new Map<number, number>();
  for (const [index, id] of samples.entries()) {
    times.set(id, (times.get(id) ?? 0) + (timeDeltas[index + 1] ?? 0));
  }
  return times;
}
