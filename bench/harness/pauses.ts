import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { scratchFile } from './scratch.ts';

const PRELOADED_MODULE = new URL('pauses-preload.ts', import.meta.url).href;

/** Pauses of one kind, in milliseconds. */
export interface GcPauses {
  readonly count: number;
  readonly totalMs: number;
  readonly longestMs: number;
}

/** What garbage collection did to a server. */
export interface GcReport {
  /** Collections of the young generation. */
  readonly scavenges: GcPauses;
  /** Steps of the collection of the old generation. */
  readonly otherGc: GcPauses;
  /** Bytes that were allocated on the heap. */
  readonly allocatedBytes: number;
}

/** Times in which a server did nothing else, in milliseconds. */
export interface Pauses extends GcReport {
  /** The time by which a timer of one millisecond was late; 0 if it was not recorded. */
  readonly longestLoopDelayMs: number;
  readonly p99LoopDelayMs: number;
}

export const longestGcMs = ({ scavenges, otherGc }: GcReport): number =>
  Math.max(scavenges.longestMs, otherGc.longestMs);

export type PauseRecorder = ReturnType<typeof createPauseRecorder>;

/**
 * @param name - unique to the server
 * @param hasLoopDelay - also records the delay of the event loop. Its timer of one millisecond costs
 * CPU time that shows if the server is nearly idle.
 */
export function createPauseRecorder(name: string, hasLoopDelay: boolean) {
  const socketPath = scratchFile(`${name}.sock`);
  return {
    /** Variables for the server. */
    env: {
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import ${PRELOADED_MODULE}`,
      PAUSES_SOCKET: socketPath,
      PAUSES_LOOP_DELAY: hasLoopDelay ? '1' : '',
    },

    /** Reads the pauses since the last call, or since the start. */
    take(): Promise<Pauses> {
      const { promise, resolve, reject } = Promise.withResolvers<Pauses>();
      request({ socketPath }, (response) => resolve(json(response) as Promise<Pauses>))
        .once('error', reject)
        .end();
      return promise;
    },
  };
}
