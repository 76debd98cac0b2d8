import { z } from 'zod';
import type { FieldError } from './problem.ts';
import { createRandom } from './random.ts';

const MAX_DELAY_MS = 600_000;
const MAX_RETRY_AFTER_SECONDS = 31_536_000;

/** Bodies that contain nothing of the correct response, so the operation need not run. */
const REPLACED_BODIES = ['redirect', 'html'] as const;
/** Bodies with an end of their own, which can't be combined with `cutBody`. */
const UNCUTTABLE_BODIES = ['oversized', 'endless', 'gzipBomb', 'wrongLength', 'redirect'] as const;

const delayMs = z.int().min(0).max(MAX_DELAY_MS);

const faultSchema = z
  .strictObject({
    delayMs: delayMs.optional(),
    jitterMs: delayMs.optional(),
    errorRate: z.number().min(0).max(1).optional(),
    status: z.int().min(400).max(599).optional(),
    retryAfter: z.int().min(0).max(MAX_RETRY_AFTER_SECONDS).optional(),
    hang: z.boolean().optional(),
    reset: z.boolean().optional(),
    malformed: z.enum(['json', 'shape', 'types']).optional(),
    cutBody: z.enum(['hang', 'reset']).optional(),
    body: z.enum([...UNCUTTABLE_BODIES, 'html', 'proto']).optional(),
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
/** Faults by operation; `*` applies to every operation that is not named. */
export type Faults = Partial<Record<string, Fault>>;

/** The schema of the faults of a service with these operations. */
export const faultsSchema = (operations: readonly string[]): z.ZodType<Faults> =>
  z.strictObject(
    Object.fromEntries(['*', ...operations].map((name) => [name, faultSchema.optional()])),
  );

/** Selects the fault of each request. The draws restart with each `replace`, so tests are repeatable. */
export function createFaultSelector() {
  let faults: Faults = {};
  let random = createRandom(1);

  return {
    replace(next: Faults) {
      faults = next;
      random = createRandom(1);
    },
    select(operation: string) {
      const found = faults[operation] ?? faults['*'];
      if (!found) return undefined;
      const { delayMs = 0, jitterMs = 0, errorRate } = found;
      const rate = errorRate ?? (hasEffect(found) ? 1 : 0);
      const delay = delayMs + random.next() * jitterMs;
      return { delayMs: delay, fault: random.chance(rate) ? found : undefined };
    },
  };
}

/** True if the fault modifies the correct response, so that the operation has to run first. */
export const derivesFromResponse = ({ status, malformed, cutBody, body }: Fault): boolean =>
  status === undefined &&
  (malformed !== undefined ||
    cutBody !== undefined ||
    (body !== undefined && !isOneOf(REPLACED_BODIES, body)));

const hasEffect = ({ hang, reset, status, malformed, cutBody, body }: Fault): boolean =>
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
  const isCutTwice = cutBody !== undefined && isOneOf(UNCUTTABLE_BODIES, body);
  if (malformed !== undefined || isCutTwice || (body === 'redirect' && status !== undefined)) {
    yield { field: 'body', code: 'contradiction' };
  }
}

function isOneOf<T extends string>(list: readonly T[], value: string): value is T {
  return (list as readonly string[]).includes(value);
}
