import type { Answer } from '../../cache/equivalence/client.ts';
import type { ComparableResponse } from './responses.ts';

/** Counts requests, responses and selected fields over all cases. */
export function createCoverage() {
  const selections = new Map<string, number>();
  const codes = new Map<string, number>();
  const counts = { responses: 0, hits: 0, withoutErrors: 0, tooComplex: 0, mutations: 0 };

  return {
    counts: counts as Readonly<typeof counts>,
    countResponse({ cacheStatus }: Answer, { errors }: ComparableResponse) {
      counts.responses++;
      if (errors.length === 0) counts.withoutErrors++;
      if (cacheStatus?.includes('; hit')) counts.hits++;
      for (const { code } of errors) codes.set(code, (codes.get(code) ?? 0) + 1);
    },
    countTooComplex: () => void counts.tooComplex++,
    countMutation: () => void counts.mutations++,
    countFields(fields: Iterable<string>) {
      for (const field of fields) selections.set(field, (selections.get(field) ?? 0) + 1);
    },
    selectionsOf: (field: string): number => selections.get(field) ?? 0,
    hasCode: (code: string): boolean => codes.has(code),

    summary(): string {
      const { responses, hits, withoutErrors, tooComplex, mutations } = counts;
      const errors = [...codes].map(([code, count]) => `${code} ${count}`).join(', ');
      return `${responses} responses, ${hits} hits, ${withoutErrors} without errors, ${tooComplex} too complex, ${mutations} mutations; errors: ${errors || 'none'}`;
    },
    /** For each type, the number of selected fields and the minimum of their selections. */
    fieldSummary(fields: readonly string[]): string {
      const byType = Object.groupBy(fields, (field) => field.split('.')[0] as string);
      return Object.entries(byType)
        .map(([type, fieldsOfType = []]) => {
          const times = fieldsOfType.map((field) => selections.get(field) ?? 0);
          const selected = times.filter((count) => count > 0).length;
          return `${type} ${selected}/${fieldsOfType.length} (minimum ${Math.min(...times)})`;
        })
        .join(', ');
    },
  };
}

export type Coverage = ReturnType<typeof createCoverage>;
