import type { HeapProfiler } from 'node:inspector';
import { ROOT } from '../../tools/tree.ts';

/** Where it is allocated, and how many bytes for each request. */
export interface Site {
  /** The function, and the nearest one that is not Node's from which it was called. */
  readonly place: string;
  readonly bytes: number;
}

/** So that what is allocated for counting is left out. */
const COUNTER = new URL('./allocation-counter.ts', import.meta.url).href;

/** All places, those that allocate most first. */
export function toSites(profile: HeapProfiler.SamplingHeapProfile, requests: number): Site[] {
  const sums = new Map<string, number>();

  function add(
    { callFrame, selfSize, children }: HeapProfiler.SamplingHeapProfileNode,
    caller = '',
  ) {
    if (callFrame.url === COUNTER) return;
    const own = nameOf(callFrame);
    const nearest = isNodes(callFrame) ? caller : own;
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

const isNodes = ({ url }: CallFrame): boolean => url === '' || url.startsWith('node:');

/** "writeWhole src/protocols/graphql-over-http/send-response.ts:46", or for what the engine itself has, the name alone. */
function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const file = url.replace(/^.*\/node_modules\//, '').replace(ROOT.href, '');
  return [functionName || '(anonymous)', url && `${file}:${lineNumber + 1}`]
    .filter(Boolean)
    .join(' ');
}
