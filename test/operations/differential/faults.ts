import fc from 'fast-check';
import type { Fault } from '../../../services/support/faults.ts';
import type { StandIn } from '../../../services/support/stand-in.ts';
import type { Environment } from '../../support/environment.ts';

export interface GeneratedFault {
  readonly fault: Fault;
  /** An index of the services that a case calls, or of their operations. */
  readonly target: number;
  readonly isWholeService: boolean;
}

/**
 * Operations whose results other operations provide, too: while they fail alone, the memo of a request
 * still has the results, but the reference has not.
 */
const PRIMED_OPERATIONS = ['usersByIds'];

/** Faults of whole calls, without a delay: a single call has no equivalent of a partly failed batch. */
const FAULTS: readonly Fault[] = [
  { status: 500 },
  { status: 503 },
  { status: 429, retryAfter: 1 },
  { status: 400 },
  { reset: true },
  { cutBody: 'reset' },
  { malformed: 'json' },
  { malformed: 'shape' },
  { body: 'html' },
  { body: 'redirect' },
];

export const generatedFaults: fc.Arbitrary<GeneratedFault> = fc.record({
  fault: fc.constantFrom(...FAULTS),
  target: fc.nat(),
  isWholeService: fc.oneof(
    { weight: 3, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  ),
});

/** Injects a fault into one of the services that were called before, or into one of the operations. */
export function injectFault(
  { services }: Environment,
  { fault, target, isWholeService }: GeneratedFault,
): void {
  const targets = Object.values<StandIn>(services).flatMap(({ control }) => {
    const called = Object.keys(control.requests().routes).filter((name) => name !== 'jwks');
    const operations = called.filter((name) => !PRIMED_OPERATIONS.includes(name));
    const names = isWholeService ? called.slice(0, 1).map(() => '*') : operations;
    return names.map((name) => () => control.faults({ [name]: fault }));
  });
  targets[target % targets.length]?.();
}

export function clearFaults({ services }: Environment): void {
  for (const { control } of Object.values<StandIn>(services)) control.clear();
}
