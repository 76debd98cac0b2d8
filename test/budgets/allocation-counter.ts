import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type HeapProfiler, Session } from 'node:inspector/promises';
import { getHeapStatistics } from 'node:v8';

/*
 * Preloaded into the process of a server (`--import`). Its parent sends commands over IPC, and this
 * file replies with their results.
 */

/** The commands and their results. */
export interface Results {
  /** The bytes in use on the heap; the difference of two is what was allocated if nothing was collected. */
  readonly usedBytes: number;
  readonly collectGarbage: undefined;
  /** Collects the young generation only, as V8 does every few dozen requests. */
  readonly collectYoung: undefined;
  /** Switches an extra array per request on or off. The result is its number of elements. */
  readonly toggleExtraArray: number;
  /** Switches on or off that the extra arrays of all requests are kept. */
  readonly toggleKeptArrays: undefined;
  readonly startProfile: undefined;
  /** Starts a profile without what minor collections free. */
  readonly startSurvivorProfile: undefined;
  readonly stopProfile: HeapProfiler.SamplingHeapProfile;
}

const EXTRA_ELEMENTS = 200;

/** The mean number of bytes between two samples: less than most objects, so that few are missed. */
const SAMPLING_INTERVAL_BYTES = 32;
const REQUEST_START = 'http.server.request.start';

const session = new Session();
let extraArray: readonly number[] = [];
let keptArrays: (readonly number[])[] | undefined;

const commands: { readonly [Name in keyof Results]: () => Results[Name] | Promise<Results[Name]> } =
  {
    usedBytes: () => getHeapStatistics().used_heap_size,
    collectGarbage() {
      globalThis.gc?.();
    },
    collectYoung() {
      globalThis.gc?.({ type: 'minor' });
    },
    toggleExtraArray() {
      if (!unsubscribe(REQUEST_START, allocate)) subscribe(REQUEST_START, allocate);
      return EXTRA_ELEMENTS;
    },
    toggleKeptArrays() {
      keptArrays = keptArrays ? undefined : [];
    },
    startProfile: () => startSampling(true),
    startSurvivorProfile: () => startSampling(false),
    async stopProfile() {
      const { profile } = await session.post('HeapProfiler.stopSampling');
      session.disconnect();
      return profile;
    },
  };

/** The full collection with which a profile ends removes nothing from it. */
async function startSampling(includeObjectsCollectedByMinorGC: boolean): Promise<undefined> {
  session.connect();
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: SAMPLING_INTERVAL_BYTES,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC,
  });
}

async function run(name: keyof Results): Promise<void> {
  process.send?.({ result: await commands[name]() });
}

function allocate(): void {
  extraArray = Array.from({ length: EXTRA_ELEMENTS }, () => extraArray.length);
  keptArrays?.push(extraArray);
}

// One turn later, so that the work after the last response is complete.
process.on('message', (name: keyof Results) => setImmediate(() => void run(name)));
process.once('disconnect', () => process.exit());
