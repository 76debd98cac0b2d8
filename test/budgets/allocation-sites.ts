import type { HeapProfiler } from 'node:inspector';
import { ROOT } from '../../tools/tree.ts';

/** A function that allocates. */
export interface AllocationSite {
  /** The function, and its nearest caller outside of Node. */
  readonly place: string;
  /** Per request. */
  readonly bytes: number;
}

/** The allocations of counting itself are left out. */
const COUNTER = new URL('./allocation-counter.ts', import.meta.url).href;

/** Lists the allocation sites of a profile, largest first. */
export function toSites(
  profile: HeapProfiler.SamplingHeapProfile,
  requests: number,
): AllocationSite[] {
  const sums = new Map<string, number>();

  function add(
    { callFrame, selfSize, children }: HeapProfiler.SamplingHeapProfileNode,
    caller = '',
  ) {
    if (callFrame.url === COUNTER) return;
    const own = nameOf(callFrame);
    const nearest = isInNode(callFrame) ? caller : own;
    const place = nearest && nearest !== own ? `${own}, for ${nearest}` : own;
    sums.set(place, (sums.get(place) ?? 0) + selfSize);
    for (const child of children) add(child, nearest);
  }

  add(profile.head);
  return [...sums]
    .map(([place, sum]) => ({ place, bytes: Math.round(sum / requests) }))
    .sort((a, b) => b.bytes - a.bytes);
}

type CallFrame = HeapProfiler.SamplingHeapProfileNode['callFrame'];

const isInNode = ({ url }: CallFrame): boolean => url === '' || url.startsWith('node:');

/** "writeWhole src/protocols/send-response.ts:46"; the name alone for V8's own. */
function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const file = url.replace(/^.*\/node_modules\//, '').replace(ROOT.href, '');
  return [functionName || '(anonymous)', url && `${file}:${lineNumber + 1}`]
    .filter(Boolean)
    .join(' ');
}
