import type { Answer } from './equivalence-client.ts';

/** Counts what was asked and done in all runs. */
export function createTally() {
  const drawn = new Map<string, number>();
  const tally = { asked: 0, good: 0, hits: 0, changes: 0 };

  return {
    seen: tally as Readonly<typeof tally>,

    /** How often the least drawn of some fields, given as "Type.field", was drawn. */
    leastOf(fields: readonly string[]): readonly [field: string, times: number] {
      const times = fields.map((field) => [field, drawn.get(field) ?? 0] as const);
      return times.reduce((least, one) => (one[1] < least[1] ? one : least));
    },

    answer({ body, cacheStatus }: Answer) {
      tally.asked++;
      if (!body.errors) tally.good++;
      if (cacheStatus?.includes('; hit')) tally.hits++;
    },
    change: () => void tally.changes++,
    draw(fields: Iterable<string>) {
      for (const field of fields) drawn.set(field, (drawn.get(field) ?? 0) + 1);
    },
  };
}

export type Tally = ReturnType<typeof createTally>;
