import { z } from 'zod';
import { createRandom } from './random.ts';
import type { FieldError } from './refusal.ts';

const MOST_MS = 600_000;
const MOST_RETRY_AFTER = 31_536_000;

/** Bodies that have nothing of the answer, so that no work is needed for them. */
const STRANGE_BODIES = ['redirect', 'html'] as const;
/** Bodies whose end is theirs to choose, so that they cannot be cut as well. */
const WHOLE_BODIES = ['oversized', 'endless', 'gzipBomb', 'wrongLength', 'redirect'] as const;

const delayMs = z.int().min(0).max(MOST_MS);

const faultSchema = z
  .strictObject({
    delayMs: delayMs.optional(),
    jitterMs: delayMs.optional(),
    errorRate: z.number().min(0).max(1).optional(),
    status: z.int().min(400).max(599).optional(),
    retryAfter: z.int().min(0).max(MOST_RETRY_AFTER).optional(),
    hang: z.boolean().optional(),
    reset: z.boolean().optional(),
    malformed: z.enum(['json', 'shape', 'types']).optional(),
    cutBody: z.enum(['hang', 'reset']).optional(),
    body: z.enum([...WHOLE_BODIES, 'html', 'proto']).optional(),
    location: z
      .string()
      .regex(/^[\x21-\x7e]{1,2000}$/)
      .optional(),
    afterWork: z.boolean().optional(),
  })
  .superRefine((fault, { addIssue }) => {
    for (const { field, code } of contradictions(fault)) {
      addIssue({ code: 'custom', message: code, path: [field] });
    }
  });

export type Fault = z.output<typeof faultSchema>;
/** By operation; `*` is for every operation that is not named. */
export type Faults = Partial<Record<string, Fault>>;

/** The schema of the faults of a service. */
export const faultsOf = (operations: readonly string[]): z.ZodType<Faults> =>
  z.strictObject(
    Object.fromEntries(['*', ...operations].map((name) => [name, faultSchema.optional()])),
  );

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
