import type { ClientCall } from '../../src/upstream/client.ts';
import { UpstreamFailure } from '../../src/upstream/errors.ts';
import { createHttpClient } from '../../src/upstream/http-client.ts';
import { type Outcomes, repeat } from './run-rounds.ts';

// A process that calls TARGET with the HTTP client of the upstreams, as often as its parent tells it.

interface Load {
  readonly calls: number;
  readonly concurrency: number;
}

const { TARGET = '', TIMEOUT_MS } = process.env;
const { origin, pathname } = new URL(TARGET);
const CALL: ClientCall = {
  baseUrl: origin,
  operation: 'read',
  method: 'GET',
  target: { path: pathname, parameters: {} },
  headers: {},
  timeoutMs: Number(TIMEOUT_MS),
};
const client = createHttpClient();

async function call(): Promise<string> {
  try {
    const { status } = await client.send(CALL, new AbortController().signal);
    return `status ${status}`;
  } catch (error) {
    const isTimeout = error instanceof UpstreamFailure && error.kind === 'timeout';
    return isTimeout ? 'timed-out calls' : String(error);
  }
}

function load({ calls, concurrency }: Load): Promise<Outcomes> {
  let left = calls;
  return repeat(concurrency, () => left-- > 0, call);
}

process.on('message', (message: string | Load) => {
  if (typeof message === 'object') void load(message).then((outcomes) => process.send?.(outcomes));
});
// The probe lets a process end that has nothing else to do.
process.channel?.ref();
console.log('ready');
