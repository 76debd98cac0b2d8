import { panelHeight, toPanel, toXml } from './chart-panel.ts';
import { evaluateGoal, type GoalResult } from './goal-result.ts';
import { GOALS } from './goals.ts';
import type { Results } from './results.ts';

const COLUMNS = 2;
const PANEL_WIDTH = 460;
const MARGIN = 24;
const GAP = 28;
const HEAD_HEIGHT = 56;
const NOTE_HEIGHT = 22;

/** Draws the charted goals of the last runs as a self-contained SVG. */
export function toChart(results: Results): string {
  const panels = GOALS.filter(({ isCharted }) => isCharted).flatMap((goal) => {
    const result = evaluateGoal(goal, results);
    return result ? [result] : [];
  });
  const places = arrange(panels);
  const bottom = Math.max(HEAD_HEIGHT, ...places.map(({ panel, y }) => y + panelHeight(panel)));
  const notes = sourcesOf(results, new Set(panels.map(({ goal }) => goal.suite)));
  const width = MARGIN * 2 + PANEL_WIDTH * COLUMNS + GAP * (COLUMNS - 1);
  const height = bottom + MARGIN + notes.length * NOTE_HEIGHT;

  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Frontdesk and its peers, by workload">
<style>${STYLE}</style>
<rect class="ground" width="${width}" height="${height}" rx="8"/>
<text class="title" x="${MARGIN}" y="34">Frontdesk and its peers, one core each; dashed line: target</text>
${places.map(({ panel, x, y }) => toPanel(panel, x, y, PANEL_WIDTH)).join('\n')}
${notes.map((note, line) => `<text class="note" x="${MARGIN}" y="${bottom + MARGIN + line * NOTE_HEIGHT}">${toXml(note)}</text>`).join('\n')}
</svg>
`;
}

interface Place {
  readonly panel: GoalResult;
  readonly x: number;
  readonly y: number;
}

/** Places the panels in rows, from left to right. */
function arrange(panels: readonly GoalResult[]): readonly Place[] {
  const places: Place[] = [];
  let y = HEAD_HEIGHT;
  for (let first = 0; first < panels.length; first += COLUMNS) {
    const row = panels.slice(first, first + COLUMNS);
    for (const [column, panel] of row.entries()) {
      places.push({ panel, x: MARGIN + column * (PANEL_WIDTH + GAP), y });
    }
    y += Math.max(...row.map(panelHeight)) + GAP;
  }
  return places;
}

/** Names machine and date, once for all suites that share them. */
function sourcesOf(results: Results, suites: ReadonlySet<string>): readonly string[] {
  const used = Object.entries(results).filter(([suite]) => suites.has(suite));
  const bySource = Map.groupBy(used, ([, { machine, date }]) => `${machine}, ${date}`);
  return [...bySource].map(([source, all]) =>
    bySource.size === 1 ? source : `${all.map(([suite]) => suite).join(', ')}: ${source}`,
  );
}

const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #1f2328; stroke: #ffffff; stroke-width: 3px; paint-order: stroke; }
.title { font-size: 15px; font-weight: 600; }
.name { font-weight: 600; }
.unit, .note { fill: #59636e; }
.own { font-weight: 700; }
.ground { fill: #ffffff; }
.axis { stroke: #d1d9e0; }
.target { stroke: #1f2328; stroke-width: 1.5; stroke-dasharray: 4 3; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; stroke: #0d1117; }
  .unit, .note { fill: #9198a1; }
  .ground { fill: #0d1117; }
  .axis { stroke: #3d444d; }
  .target { stroke: #f0f6fc; }
}
`;
