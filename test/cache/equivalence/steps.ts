import fc from 'fast-check';
import { VARIABLE_SETS } from './arguments.ts';
import { TRANSPORTS, type ViewerName } from './client.ts';
import type { Mutation } from './mutations.ts';

/** Which text, operation, variable set and language of a document a request uses. */
export interface RequestVariant {
  readonly set: number;
  readonly operation: number;
  readonly text: number;
  readonly language: string | undefined;
}

/** One requester, and the representation of its request. */
export interface Requester {
  readonly viewer: ViewerName;
  readonly session: number;
  readonly transport: (typeof TRANSPORTS)[number];
  /** Sends the variables in reverse order. */
  readonly isReversed: boolean;
  /** Sends a variable that the document does not define. */
  readonly hasUnknownVariable: boolean;
  /** The request's Cache-Control; `no-cache` requires an execution. */
  readonly cacheControl: 'no-cache' | undefined;
  /** Differences from the group's variant. */
  readonly overrides: Partial<RequestVariant>;
}

/** One document, requested by several requesters one after the other. */
export interface RequestGroup {
  readonly document: number;
  readonly variant: RequestVariant;
  readonly requesters: readonly Requester[];
}

export interface MutationStep {
  readonly kind: 'mutation';
  /** Sent before the mutation, and again after it. */
  readonly before: readonly RequestGroup[];
  /** Sent during the mutation, and again after it: what they stored must not be outdated. */
  readonly during: readonly RequestGroup[];
  /** Random extra latency of the services during the mutation. */
  readonly jitterMs: number;
  readonly mutation: Mutation;
  readonly by: 'cached' | 'uncached' | 'service';
  readonly viewer: ViewerName;
  /** The user whose data is changed; the viewer's own if undefined. */
  readonly owner: string | undefined;
  /** Also sends the mutation to the other BFF, which then changes nothing more. */
  readonly isRepeated: boolean;
}

export type Step =
  | { readonly kind: 'query' | 'query concurrently'; readonly groups: readonly RequestGroup[] }
  | MutationStep;

/** Staff most often: their requests are refused least, and only answers without errors are cached. */
const viewer: fc.Arbitrary<ViewerName> = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('staff 1', 'staff 42') },
  { weight: 8, arbitrary: fc.constantFrom('customer 42', 'customer 43') },
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      'anonymous',
      'customer 1',
      'customer 7 (no orders)',
      'customer 13 (deleted)',
    ),
  },
  { weight: 1, arbitrary: fc.constant('invalid token') },
);

/** Mostly customers that have something to change. */
const mutatingViewer: fc.Arbitrary<ViewerName> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('customer 42', 'staff 42', 'customer 43', 'staff 1') },
  viewer,
);

const variantFields = {
  set: fc.nat({ max: VARIABLE_SETS - 1 }),
  operation: fc.oneof({ weight: 9, arbitrary: fc.nat({ max: 1 }) }, fc.constant(2)),
  text: fc.nat({ max: 3 }),
  language: fc.constantFrom(undefined, 'de', 'pt-BR,pt;q=0.8'),
};

const requester: fc.Arbitrary<Requester> = fc.record({
  viewer,
  session: fc.nat({ max: 1 }),
  transport: fc.constantFrom(...TRANSPORTS),
  isReversed: fc.boolean(),
  hasUnknownVariable: fc.boolean(),
  cacheControl: fc.oneof(
    { weight: 14, arbitrary: fc.constant(undefined) },
    fc.constant('no-cache' as const),
  ),
  // A single difference shows whether the cache key contains it.
  overrides: fc.oneof(
    { weight: 8, arbitrary: fc.constant({}) },
    ...Object.entries(variantFields).map(([name, value]) => fc.record({ [name]: value })),
  ),
});

const requestGroup: fc.Arbitrary<RequestGroup> = fc.record({
  document: fc.nat({ max: 1_000 }),
  variant: fc.record(variantFields),
  requesters: fc.array(requester, { minLength: 1, maxLength: 3, size: 'max' }),
});

const upToGroups = (maxLength: number) => fc.array(requestGroup, { maxLength, size: 'max' });

const queryStep = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('query' as const), groups: fc.tuple(requestGroup) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('query concurrently' as const),
      groups: upToGroups(3),
    }),
  },
);

/** Makes the viewer of the mutation, whose answers it changes most, the first requester. */
const withRequester = (viewer: ViewerName, groups: readonly RequestGroup[]): RequestGroup[] =>
  groups.map(({ requesters: [first, ...others], ...rest }) => ({
    ...rest,
    requesters: first ? [{ ...first, viewer }, ...others] : [],
  }));

/**
 * Generates the steps of one run.
 * @param mutations - each of them is sent at least once
 */
export function stepsCalling(mutations: readonly fc.Arbitrary<Mutation>[]): fc.Arbitrary<Step[]> {
  const mutationStep = (by: readonly MutationStep['by'][], mutation: fc.Arbitrary<Mutation>) =>
    fc
      .record({
        kind: fc.constant('mutation' as const),
        before: upToGroups(2),
        during: upToGroups(2),
        jitterMs: fc.nat({ max: 30 }),
        mutation,
        by: fc.constantFrom(...by),
        viewer: mutatingViewer,
        owner: fc.oneof(
          { weight: 3, arbitrary: fc.constant(undefined) },
          fc.constantFrom('42', '43'),
        ),
        isRepeated: fc.boolean(),
      })
      .map((step) => ({
        ...step,
        before: withRequester(step.viewer, step.before),
        during: withRequester(step.viewer, step.during),
      }));
  const step = fc.oneof(
    { weight: 3, arbitrary: queryStep },
    {
      weight: 1,
      arbitrary: mutationStep(['service', 'uncached', 'cached'], fc.oneof(...mutations)),
    },
  );
  const parts = mutations.map((mutation) =>
    fc
      .tuple(
        fc.array(step, { maxLength: 10, size: 'max' }),
        mutationStep(['cached', 'uncached'], mutation),
      )
      .map(([steps, last]) => [...steps, last]),
  );
  return fc.tuple(...parts).map((steps) => steps.flat());
}
