import fc from 'fast-check';
import { SETS } from './equivalence-arguments.ts';
import type { Change } from './equivalence-changes.ts';
import { type Viewer, WAYS } from './equivalence-client.ts';

/** Which of the texts and variables of a question are asked, and for which language. */
export interface Wording {
  readonly set: number;
  readonly operation: number;
  readonly text: number;
  readonly language: string | undefined;
}

/** One who asks, and in which of the many ways to ask the same. */
export interface Asker {
  readonly viewer: Viewer;
  readonly session: number;
  readonly way: (typeof WAYS)[number];
  /** Whether the variables come in reverse order. */
  readonly isReversed: boolean;
  /** Whether there are variables that the document does not know. */
  readonly hasMore: boolean;
  /** The request's Cache-Control: `no-cache` demands an answer that no cache has. */
  readonly cacheControl: 'no-cache' | undefined;
  /** In what it is not what all the others ask. */
  readonly own: Partial<Wording>;
}

/** One question, asked by some, one after the other. */
export interface Ask {
  readonly question: number;
  readonly wording: Wording;
  readonly askers: readonly Asker[];
}

export interface ChangeStep {
  readonly kind: 'change';
  /** Asked before the change is made, and again when it is. */
  readonly before: readonly Ask[];
  /** Asked while it is made, and again when it is: what they leave behind must not be old. */
  readonly during: readonly Ask[];
  /** How long the services may dawdle meanwhile. */
  readonly jitterMs: number;
  readonly change: Change;
  readonly by: 'cached' | 'plain' | 'straight';
  readonly viewer: Viewer;
  /** Whose things are changed, if not the viewer's own. */
  readonly owner: string | undefined;
  /** Whether the other twin is asked for the same change, which then changes nothing more. */
  readonly isRepeated: boolean;
}

export type Step =
  | { readonly kind: 'ask' | 'ask at once'; readonly asks: readonly Ask[] }
  | ChangeStep;

/** Staff most often, who are refused least: answers without errors are what is kept. */
const viewer: fc.Arbitrary<Viewer> = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('staff 1', 'staff 42') },
  { weight: 8, arbitrary: fc.constantFrom('customer 42', 'customer 43') },
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      'anonymous',
      'customer 1',
      'customer 7, who has nothing',
      'customer 13, who was deleted',
    ),
  },
  { weight: 1, arbitrary: fc.constant('a stranger') },
);

/** Customers, most of whom have something to change. */
const changer: fc.Arbitrary<Viewer> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('customer 42', 'staff 42', 'customer 43', 'staff 1') },
  viewer,
);

const wordings = {
  set: fc.nat({ max: SETS - 1 }),
  operation: fc.oneof({ weight: 9, arbitrary: fc.nat({ max: 1 }) }, fc.constant(2)),
  text: fc.nat({ max: 3 }),
  language: fc.constantFrom(undefined, 'de', 'pt-BR,pt;q=0.8'),
};

const asker: fc.Arbitrary<Asker> = fc.record({
  viewer,
  session: fc.nat({ max: 1 }),
  way: fc.constantFrom(...WAYS),
  isReversed: fc.boolean(),
  hasMore: fc.boolean(),
  cacheControl: fc.oneof(
    { weight: 14, arbitrary: fc.constant(undefined) },
    fc.constant('no-cache' as const),
  ),
  // One thing alone, which shows whether it is minded.
  own: fc.oneof(
    { weight: 8, arbitrary: fc.constant({}) },
    ...Object.entries(wordings).map(([name, value]) => fc.record({ [name]: value })),
  ),
});

const ask: fc.Arbitrary<Ask> = fc.record({
  question: fc.nat({ max: 1_000 }),
  wording: fc.record(wordings),
  askers: fc.array(asker, { minLength: 1, maxLength: 3, size: 'max' }),
});

const asksUpTo = (maxLength: number) => fc.array(ask, { maxLength, size: 'max' });

const asking = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('ask' as const), asks: fc.tuple(ask) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('ask at once' as const), asks: asksUpTo(3) }),
  },
);

/** Those who change something are concerned most, so they are among those who ask. */
const withAsker = (viewer: Viewer, asks: readonly Ask[]): Ask[] =>
  asks.map(({ askers: [first, ...others], ...rest }) => ({
    ...rest,
    askers: first ? [{ ...first, viewer }, ...others] : [],
  }));

/**
 * The steps of one run.
 * @param changes - what may change; something of each kind does
 */
export function stepsWith(changes: readonly fc.Arbitrary<Change>[]): fc.Arbitrary<Step[]> {
  const through = (by: readonly ChangeStep['by'][], change: fc.Arbitrary<Change>) =>
    fc
      .record({
        kind: fc.constant('change' as const),
        before: asksUpTo(2),
        during: asksUpTo(2),
        jitterMs: fc.nat({ max: 30 }),
        change,
        by: fc.constantFrom(...by),
        viewer: changer,
        owner: fc.oneof(
          { weight: 3, arbitrary: fc.constant(undefined) },
          fc.constantFrom('42', '43'),
        ),
        isRepeated: fc.boolean(),
      })
      .map((step) => ({
        ...step,
        before: withAsker(step.viewer, step.before),
        during: withAsker(step.viewer, step.during),
      }));
  const step = fc.oneof(
    { weight: 3, arbitrary: asking },
    { weight: 1, arbitrary: through(['straight', 'plain', 'cached'], fc.oneof(...changes)) },
  );
  const parts = changes.map((change) =>
    fc
      .tuple(fc.array(step, { maxLength: 10, size: 'max' }), through(['cached', 'plain'], change))
      .map(([steps, last]) => [...steps, last]),
  );
  return fc.tuple(...parts).map((drawn) => drawn.flat());
}
