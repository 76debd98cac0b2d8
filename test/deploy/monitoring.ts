import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { ROOT } from '../../tools/tree.ts';
import type { Json } from '../support/environment.ts';

const read = (file: string): Promise<string> => readFile(new URL(file, ROOT), 'utf8');

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The rules of deploy/prometheus/alerts.yml. */
export async function readRules() {
  const { groups } = parse(await read('deploy/prometheus/alerts.yml'));
  const rules: Json[] = groups.flatMap((group: Json) => group.rules);
  return {
    alerts: rules.filter(({ alert }) => alert) as Alert[],
    records: rules.filter(({ record }) => record) as { record: string; expr: string }[],
  };
}

/** The cases of deploy/prometheus/alerts.test.yml. */
export const readRuleTests = async (): Promise<readonly Json[]> =>
  parse(await read('deploy/prometheus/alerts.test.yml')).tests;

/** The alerts that the runbook has a section for, and the target of its link. */
export async function readRunbook(): Promise<readonly string[]> {
  const text = await read('docs/runbook.md');
  return [...text.matchAll(/^## (Frontdesk\w+)$/gm)].map(([, name = '']) => name);
}

export const readDashboard = async (): Promise<Json> =>
  JSON.parse(await read('deploy/grafana/frontdesk.json'));

/** The variables of the dashboard that Grafana replaces. */
const VARIABLES: Readonly<Record<string, string>> = {
  $__rate_interval: '1m',
  $__range: '5m',
  $bff: '.*',
  $instance: '.*',
  $operation: '.*',
};

export const withVariables = (expression: string): string =>
  expression.replaceAll(/\$\w+/g, (name) => {
    const value = VARIABLES[name];
    if (!value) throw new Error(`the dashboard has no variable ${name}`);
    return value;
  });

const QUERY_VARIABLE = /^label_values\((.+), (\w+)\)$/;

/** An expression, where it comes from, and the labels that its results must have. */
export interface Use {
  readonly where: string;
  readonly expression: string;
  readonly labels: readonly string[];
}

/** Every expression of the dashboard: panels, annotations and variables. */
export async function dashboardUses(): Promise<Use[]> {
  const { panels, annotations, templating } = await readDashboard();
  const ofPanels = panels.flatMap(({ title, targets = [] }: Json) =>
    targets.map(({ expr, legendFormat }: Json) => use(`panel ${title}`, expr, legendFormat)),
  );
  const ofAnnotations = annotations.list.map(({ name, expr, textFormat }: Json) =>
    use(`annotation ${name}`, expr, textFormat),
  );
  const ofVariables = templating.list
    .filter(({ type }: Json) => type === 'query')
    .map(({ name, query }: Json) => {
      const [, expression = '', label = ''] = QUERY_VARIABLE.exec(query.query) ?? [];
      return use(`variable ${name}`, expression, `{{${label}}}`);
    });
  return [...ofPanels, ...ofAnnotations, ...ofVariables];
}

/** Every expression of the rules, with the labels that annotations name. */
export async function ruleUses(): Promise<Use[]> {
  const { alerts, records } = await readRules();
  return [
    ...records.map(({ record, expr }) => use(`record ${record}`, expr)),
    ...alerts.map(({ alert, expr, annotations }) => {
      const names = JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g);
      const legend = [...names].map(([, name]) => `{{${name}}}`).join('');
      return use(`alert ${alert}`, expr, legend);
    }),
  ];
}

const use = (where: string, expression: string, legend = ''): Use => ({
  where,
  expression: withVariables(expression),
  labels: [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, name = '']) => name),
});
