import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type HeapProfiler, Session } from 'node:inspector/promises';
import { getHeapStatistics } from 'node:v8';

/** What a process that runs this file before its server may be asked, and what it answers. */
export interface Told {
  /** The bytes in use on its heap: what was allocated meanwhile, as long as nothing is collected. */
  readonly bytes: number;
  readonly collect: undefined;
  /** From now on, or no longer, each request makes an array for nothing, of so many elements. */
  readonly waste: number;
  /** From now on it is seen which functions allocate. */
  readonly watch: undefined;
  readonly profile: HeapProfiler.SamplingHeapProfile;
}

const WASTE = 200;

/** Bytes between two samples, on average: less than most objects have, so that few are missed. */
const SAMPLING_INTERVAL = 32;
const STARTED = 'http.server.request.start';

const session = new Session();
let wasted: readonly number[] = [];

const answers: { readonly [Ask in keyof Told]: () => Told[Ask] | Promise<Told[Ask]> } = {
  bytes: () => getHeapStatistics().used_heap_size,
  collect() {
    globalThis.gc?.();
  },
  waste() {
    if (!unsubscribe(STARTED, waste)) subscribe(STARTED, waste);
    return WASTE;
  },
  async watch() {
    session.connect();
    await session.post('HeapProfiler.startSampling', {
      samplingInterval: SAMPLING_INTERVAL,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
  },
  async profile() {
    const { profile } = await session.post('HeapProfiler.stopSampling');
    session.disconnect();
    return profile;
  },
};

async function tell(ask: keyof Told): Promise<void> {
  process.send?.({ told: await answers[ask]() });
}

function waste(): void {
  wasted = Array.from({ length: WASTE }, () => wasted.length);
}

// A turn later, what was left to do after the last answer is done as well.
process.on('message', (ask: keyof Told) => setImmediate(() => void tell(ask)));
process.once('disconnect', () => process.exit());
