import { writeFileSync } from 'node:fs';
import { toChart } from './chart.ts';
import { replaceSection } from './replace-section.ts';
import { readResults, type SuiteResults, writeResults } from './results.ts';
import { toSummary } from './summary.ts';

const README = new URL('../README.md', import.meta.url);
const CHART = new URL('../results.svg', import.meta.url);

/** Replaces the published results of one suite: its tables, the summary and the chart. */
export function publish(suite: string, results: SuiteResults, tables: string): void {
  const all = { ...readResults(), [suite]: results };
  writeResults(all);
  replaceSection(README, suite, tables);
  replaceSection(README, 'summary', toSummary(all));
  writeFileSync(CHART, toChart(all));
}
