import type { Answer } from '../../cache/equivalence/client.ts';
import type { PlainAnswer } from '../../support/naive.ts';

/** Counts what was asked, and what came of it, in all groups. */
export function createTally() {
  const drawn = new Map<string, number>();
  const codes = new Map<string, number>();
  const seen = { asked: 0, hits: 0, good: 0, refused: 0, changes: 0 };

  return {
    seen: seen as Readonly<typeof seen>,
    answer({ cacheStatus }: Answer, { errors }: PlainAnswer) {
      seen.asked++;
      if (errors.length === 0) seen.good++;
      if (cacheStatus?.includes('; hit')) seen.hits++;
      for (const { code } of errors) codes.set(code, (codes.get(code) ?? 0) + 1);
    },
    refuse: () => void seen.refused++,
    change: () => void seen.changes++,
    draw(fields: Iterable<string>) {
      for (const field of fields) drawn.set(field, (drawn.get(field) ?? 0) + 1);
    },
    timesOf: (field: string): number => drawn.get(field) ?? 0,
    hasSeen: (code: string): boolean => codes.has(code),

    /** All of it in one line. */
    tell(): string {
      const { asked, hits, good, refused, changes } = seen;
      const errors = [...codes].map(([code, times]) => `${code} ${times}`).join(', ');
      return `answers ${asked}, hits ${hits}, without errors ${good}, refused as too complex ${refused}, changes ${changes}; errors: ${errors || 'none'}`;
    },
    /** How many fields of each type were drawn, and how often the least of them. */
    tellFields(fields: readonly string[]): string {
      const byType = Object.groupBy(fields, (field) => field.split('.')[0] as string);
      return Object.entries(byType)
        .map(([type, own = []]) => {
          const times = own.map((field) => drawn.get(field) ?? 0);
          const known = times.filter((each) => each > 0).length;
          return `${type} ${known}/${own.length} (${Math.min(...times)} times at least)`;
        })
        .join(', ');
    },
  };
}

export type Tally = ReturnType<typeof createTally>;
