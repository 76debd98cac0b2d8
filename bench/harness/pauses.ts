import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { scratchFile } from './scratch.ts';

const PRELOADED_MODULE = new URL('pauses-preload.ts', import.meta.url).href;

/** Times in which a server did nothing else, in milliseconds. */
export interface Pauses {
  /** The longest pause of garbage collection. */
  readonly longestGcMs: number;
  /** The time by which a timer of one millisecond was late. */
  readonly longestLoopDelayMs: number;
  readonly p99LoopDelayMs: number;
}

/** @param name - unique to the server */
export function createPauseRecorder(name: string) {
  const socketPath = scratchFile(`${name}.sock`);
  return {
    /** Variables for the server. */
    env: { NODE_OPTIONS: `--import ${PRELOADED_MODULE}`, PAUSES_SOCKET: socketPath },

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
