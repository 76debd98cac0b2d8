import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import { createRandom } from './random.ts';
import { object, optional, read, record, Wrong } from './read.ts';
import { choice, integer } from './readers.ts';

const MOST_MS = 600_000;

const fault = object({
  delayMs: optional(integer(0, MOST_MS)),
  jitterMs: optional(integer(0, MOST_MS)),
  errorRate: optional(share),
  status: optional(integer(400, 599)),
  hang: optional(bool),
  malformed: optional(choice(['json', 'shape'])),
  afterWork: optional(bool),
});

export type Fault = Partial<ReturnType<typeof fault>>;
/** By operation; `*` is for every operation that is not named. */
export type Faults = Record<string, Fault>;

export function readFaults(value: unknown, operations: readonly string[]): Faults {
  return read(
    record(fault, (name) => name === '*' || operations.includes(name)),
    value,
    400,
  );
}

/** Decides what goes wrong. The draws repeat for every new set of faults, so tests do too. */
export function createFaultBook() {
  let faults: Faults = {};
  let random = createRandom(1);

  return {
    replace(next: Faults) {
      faults = next;
      random = createRandom(1);
    },
    draw(operation: string) {
      const found = faults[operation] ?? faults['*'];
      if (!found) return undefined;
      const { delayMs = 0, jitterMs = 0, hang, malformed, status, errorRate } = found;
      const strikes = hang || malformed !== undefined || status !== undefined;
      const rate = errorRate ?? (strikes ? 1 : 0);
      const waitMs = delayMs + random.next() * jitterMs;
      return { waitMs, fault: random.chance(rate) ? found : undefined };
    },
  };
}

/** Resolves early when the client leaves; never keeps the process alive. */
export async function pause(ms: number, reply: FastifyReply): Promise<void> {
  const gone = new AbortController();
  const leave = () => gone.abort();
  reply.raw.once('close', leave);
  await sleep(ms, undefined, { ref: false, signal: gone.signal }).catch(() => undefined);
  reply.raw.off('close', leave);
}

/** Never answers, until the socket closes. */
export async function hang(reply: FastifyReply): Promise<void> {
  if (!reply.raw.destroyed) await once(reply.raw, 'close');
}

export const isLate = (fault: Fault): boolean =>
  fault.malformed !== undefined || fault.afterWork === true;

export function toMalformed(kind: 'json' | 'shape', payload: unknown): string {
  if (kind === 'shape') return JSON.stringify({ unexpected: [1, 'two', null] });
  const text = typeof payload === 'string' ? payload : '{"code"';
  return text.slice(0, Math.max(1, Math.floor(text.length / 2)));
}

function share(value: unknown): number {
  if (typeof value !== 'number') throw new Wrong('wrong_type');
  if (!(value >= 0 && value <= 1)) throw new Wrong('out_of_range');
  return value;
}

function bool(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new Wrong('wrong_type');
  return value;
}
