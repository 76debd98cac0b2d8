import { writeFileSync } from 'node:fs';
import { toChart } from './chart.ts';
import { readResults, type SuiteResults, writeResults } from './results.ts';
import { replaceSection } from './section.ts';
import { toSummary } from './summary.ts';

const README = new URL('../README.md', import.meta.url);
const CHART = new URL('../results.svg', import.meta.url);

/** Puts the results of one suite's run in the place of its last: the tables, the summary, the chart. */
export function publish(suite: string, results: SuiteResults, tables: string): void {
  const all = { ...readResults(), [suite]: results };
  writeResults(all);
  replaceSection(README, suite, tables);
  replaceSection(README, 'summary', toSummary(all));
  writeFileSync(CHART, toChart(all));
}
