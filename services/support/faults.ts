import { createRandom } from './random.ts';
import { object, optional, type Reader, read, record, Wrong } from './read.ts';
import { choice, integer, text } from './readers.ts';
import type { FieldError } from './refusal.ts';

const MOST_MS = 600_000;
const MOST_RETRY_AFTER = 31_536_000;

/** Bodies that have nothing of the answer, so that no work is needed for them. */
const STRANGE_BODIES = ['redirect', 'html'] as const;
/** Bodies whose end is theirs to choose, so that they cannot be cut as well. */
const WHOLE_BODIES = ['oversized', 'endless', 'gzipBomb', 'wrongLength', 'redirect'] as const;

const readFault = object({
  delayMs: optional(integer(0, MOST_MS)),
  jitterMs: optional(integer(0, MOST_MS)),
  errorRate: optional(share),
  status: optional(integer(400, 599)),
  retryAfter: optional(integer(0, MOST_RETRY_AFTER)),
  hang: optional(bool),
  reset: optional(bool),
  malformed: optional(choice(['json', 'shape', 'types'])),
  cutBody: optional(choice(['hang', 'reset'])),
  body: optional(choice([...WHOLE_BODIES, 'html', 'proto'])),
  location: optional(location),
  afterWork: optional(bool),
});

export type Fault = Partial<ReturnType<typeof readFault>>;
/** By operation; `*` is for every operation that is not named. */
export type Faults = Record<string, Fault>;

export function readFaults(value: unknown, operations: readonly string[]): Faults {
  return read(
    record(consistentFault, (name) => name === '*' || operations.includes(name)),
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
      const { delayMs = 0, jitterMs = 0, errorRate } = found;
      const rate = errorRate ?? (strikes(found) ? 1 : 0);
      const waitMs = delayMs + random.next() * jitterMs;
      return { waitMs, fault: random.chance(rate) ? found : undefined };
    },
  };
}

/** Whether the answer goes out as it is but for its damage, rather than as a refusal. */
export const keepsAnswer = ({ status, malformed, cutBody, body }: Fault): boolean =>
  status === undefined &&
  (malformed !== undefined ||
    cutBody !== undefined ||
    (body !== undefined && !isOneOf(STRANGE_BODIES, body)));

const strikes = ({ hang, reset, status, malformed, cutBody, body }: Fault): boolean =>
  hang === true ||
  reset === true ||
  [status, malformed, cutBody, body].some((field) => field !== undefined);

const consistentFault: Reader<ReturnType<typeof readFault>> = (value) => {
  const fault = readFault(value);
  const errors = [...contradictions(fault)];
  if (errors.length > 0) throw new Wrong(errors);
  return fault;
};

function* contradictions(fault: Fault): Generator<FieldError> {
  const { status, retryAfter, malformed, cutBody, body, location } = fault;
  if (retryAfter !== undefined && status === undefined) {
    yield { field: 'retryAfter', code: 'needs_status' };
  }
  if (location !== undefined && body !== 'redirect') {
    yield { field: 'location', code: 'needs_redirect' };
  }
  if (body === undefined) return;
  const isCutTwice = cutBody !== undefined && isOneOf(WHOLE_BODIES, body);
  if (malformed !== undefined || isCutTwice || (body === 'redirect' && status !== undefined)) {
    yield { field: 'body', code: 'contradiction' };
  }
}

function isOneOf<T extends string>(list: readonly T[], value: string): value is T {
  return (list as readonly string[]).includes(value);
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

function location(value: unknown): string {
  const read = text(value);
  if (!/^[\x21-\x7e]{1,2000}$/.test(read)) throw new Wrong('malformed');
  return read;
}
