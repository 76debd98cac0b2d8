import type { Options } from '../harness/options.ts';
import { formatTable } from '../report/tables.ts';
import type { WorkloadResult } from './workload.ts';

type Figures = WorkloadResult['figures'][string][string];

/** Measures each mode once. A mode that fails gets a note instead, and the others go on. */
export async function measureModes<Measured>(
  { modes }: Options,
  measure: (mode: string) => Promise<Measured>,
) {
  const measured = new Map<string, Measured>();
  const notes: string[] = [];
  for (const mode of modes) {
    try {
      measured.set(mode, await measure(mode));
    } catch (error) {
      notes.push(`\`${mode}\` was not measured: ${(error as Error).message}`);
    }
  }
  return { measured, notes };
}

/** A table with a column for each mode; none if no mode could be measured. */
export const formatModes = <Measured>(
  title: string,
  measured: ReadonlyMap<string, Measured>,
  toRows: (all: readonly Measured[]) => readonly (readonly string[])[],
): readonly string[] =>
  measured.size === 0
    ? []
    : [formatTable(title, ['', ...measured.keys()], toRows([...measured.values()]))];

/** The figures of each mode for the chart and the summary; only Frontdesk has some. */
export const figuresOfModes = <Measured>(
  measured: ReadonlyMap<string, Measured>,
  toFigures: (one: Measured) => Figures,
): WorkloadResult['figures'] =>
  Object.fromEntries([...measured].map(([mode, one]) => [mode, { frontdesk: toFigures(one) }]));

/** A number without decimals. */
export const whole = (value: number): string => Math.round(value).toLocaleString('en');
