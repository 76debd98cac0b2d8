// The page of GET /explain: sends an operation with GraphQL-Explain, and draws what extensions.explain says.

const LABEL_WIDTH = 232;
const DURATION_WIDTH = 92;
const ROW_HEIGHT = 24;
const AXIS_HEIGHT = 22;
const BAR_HEIGHT = 12;
const MIN_BAR_WIDTH = 2;
const MAX_TICKS = 6;
const OWN_QUERY = 'Another query';
const SVG = 'http://www.w3.org/2000/svg';

const byId = (id) => document.getElementById(id);
const { operations, chosen, token } = JSON.parse(byId('data').textContent);
const form = byId('request');
const waterfall = byId('waterfall');
/** The rows that are shown. */
let rows = [];
let drawnWidth = 0;

/** @param children - elements and texts */
function element(name, attributes = {}, ...children) {
  const created = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) created.setAttribute(key, value);
  created.append(...children);
  return created;
}

function svg(name, attributes = {}, ...children) {
  const created = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) created.setAttribute(key, value);
  created.append(...children);
  return created;
}

const toMs = (ms) => `${ms >= 100 ? Math.round(ms) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2)} ms`;

const countOf = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** The phases, and below them the upstream calls, which began in the last of them. */
function toRows({ phases, calls }) {
  const ofPhases = phases.map((phase) => ({ ...phase, kind: 'phase', label: phase.name }));
  const ofCalls = calls.map((call) => ({
    ...call,
    kind: call.outcome === 'ok' || call.outcome === 'pending' ? 'call' : 'failed',
    label: `${call.upstream} ${call.operation}`,
  }));
  return [...ofPhases, ...ofCalls];
}

/** What is known about a row: names and texts. */
function factsOf({ kind, label, startMs, durationMs, ...call }) {
  const time = [
    ['Starts at', toMs(startMs)],
    ['Takes', toMs(durationMs)],
  ];
  if (kind === 'phase') return [['Phase', label], ...time];
  const batch = call.keys ? countOf(call.keys, 'key') : 'none';
  return [
    ['Upstream call', label],
    ...time,
    ['Outcome', call.isSent ? call.outcome : `${call.outcome}, not sent`],
    ['Waited before', toMs(call.queuedMs)],
    ...(call.isSent
      ? [
          ['Batch', `${batch}, shared with ${countOf(call.sharedWith, 'other request')}`],
          ['Attempt', String(call.attempt)],
          ['Instance', [call.instance, call.address].filter(Boolean).join(', ')],
        ]
      : []),
    ...(call.circuit ? [['Circuit', call.circuit]] : []),
  ];
}

function showFacts(list, facts) {
  list.replaceChildren(
    ...facts.flatMap(([name, text]) => [element('dt', {}, name), element('dd', {}, text)]),
  );
}

function select(index, { focus = false } = {}) {
  const options = [...waterfall.querySelectorAll('[role=option]')];
  for (const [at, option] of options.entries()) {
    option.setAttribute('aria-selected', at === index);
    option.setAttribute('tabindex', at === index ? 0 : -1);
  }
  if (focus) options[index].focus();
  showFacts(byId('details'), factsOf(rows[index]));
}

/** Times of about equal distance, the last one at most `end`. */
function ticksOf(start, end) {
  const rough = (end - start) / MAX_TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough);
  const first = Math.ceil(start / step);
  return Array.from({ length: Math.floor(end / step) - first + 1 }, (_, at) => (first + at) * step);
}

function draw() {
  if (rows.length === 0) return;
  const selected = Math.max(
    0,
    [...waterfall.querySelectorAll('[role=option]')].findIndex((option) => option.tabIndex === 0),
  );
  const hasFocus = waterfall.contains(document.activeElement);
  const width = waterfall.clientWidth;
  drawnWidth = width;
  const height = AXIS_HEIGHT + rows.length * ROW_HEIGHT;
  const start = Math.min(0, ...rows.map(({ startMs }) => startMs));
  const end = Math.max(
    ...rows.map(({ startMs, durationMs }) => startMs + durationMs),
    start + 0.01,
  );
  const x = (ms) =>
    LABEL_WIDTH + ((ms - start) / (end - start)) * (width - LABEL_WIDTH - DURATION_WIDTH);
  const bar = (kind, from, to, y) =>
    svg('rect', {
      class: kind,
      x: x(from),
      y: y + (ROW_HEIGHT - BAR_HEIGHT) / 2,
      width: Math.max(MIN_BAR_WIDTH, x(to) - x(from)),
      height: BAR_HEIGHT,
      rx: 2,
    });
  const toTick = (ms) => [
    svg('line', { x1: x(ms), x2: x(ms), y1: AXIS_HEIGHT, y2: height }),
    svg('text', { class: 'axis', x: x(ms), y: 14, 'text-anchor': 'middle' }, `${+ms.toFixed(2)}`),
  ];
  const toOption = (row, index) => {
    const { kind, label, startMs, durationMs, queuedMs = 0, isSent = true, outcome } = row;
    const y = AXIS_HEIGHT + index * ROW_HEIGHT;
    const endMs = startMs + durationMs;
    const note = kind === 'failed' ? outcome : toMs(durationMs);
    return svg(
      'g',
      {
        role: 'option',
        'aria-label': factsOf(row)
          .map((fact) => fact.join(': '))
          .join(', '),
      },
      svg('rect', {
        class: 'row',
        x: 1,
        y: y + 1,
        width: width - 2,
        height: ROW_HEIGHT - 2,
        rx: 3,
      }),
      svg('text', { x: kind === 'phase' ? 6 : 18, y: y + 16 }, label),
      ...(isSent && queuedMs > 0 ? [bar('wait', startMs - queuedMs, startMs, y)] : []),
      bar(kind, startMs, endMs, y),
      svg('text', { class: 'duration', x: width - 6, y: y + 16, 'text-anchor': 'end' }, note),
    );
  };
  waterfall.setAttribute('height', height);
  waterfall.replaceChildren(
    svg(
      'g',
      { 'aria-hidden': true },
      ...ticksOf(start, end).flatMap(toTick),
      svg('text', { class: 'axis', x: width - 6, y: 14, 'text-anchor': 'end' }, 'ms'),
    ),
    ...rows.map(toOption),
  );
  select(Math.min(selected, rows.length - 1), { focus: hasFocus });
}

function showTable() {
  const head = [
    'Phase or call',
    'Starts at',
    'Takes',
    'Waited',
    'Keys',
    'Shared with',
    'Attempt',
    'Outcome',
  ];
  const toCells = (row) => [
    element('th', { scope: 'row' }, row.label),
    ...[row.startMs, row.durationMs, row.queuedMs, row.keys, row.sharedWith, row.attempt].map(
      (value) => element('td', { class: 'number' }, String(value ?? '')),
    ),
    element('td', {}, row.outcome ?? ''),
  ];
  byId('table').replaceChildren(
    element('caption', {}, 'Times in milliseconds'),
    element(
      'thead',
      {},
      element('tr', {}, ...head.map((text) => element('th', { scope: 'col' }, text))),
    ),
    element('tbody', {}, ...rows.map((row) => element('tr', {}, ...toCells(row)))),
  );
}

/** Whom a rule allows; nothing is known of rules from elsewhere. */
function toText({ viewers, scopes } = {}) {
  const others =
    scopes &&
    (scopes.length > 0 ? `third parties need ${scopes.join(' or ')}` : 'no third parties');
  return [`The rule allows ${viewers || 'those who may see the parent'}`, others]
    .filter(Boolean)
    .join('; ');
}

function toRefusal({ path, field, allows, code, reason }) {
  return element(
    'li',
    {},
    element('b', {}, path.join('.')),
    ` (${field}): ${code}. ${reason} ${toText(allows)}.`,
  );
}

function showExplanation(explanation) {
  const { durationMs, calls, cache, refusals, cost, viewer } = explanation;
  rows = toRows(explanation);
  byId('summary').textContent = [
    toMs(durationMs),
    `viewer: ${viewer}`,
    `cache: ${cache.status}`,
    countOf(calls.filter(({ isSent }) => isSent).length, 'upstream call'),
    `cost: ${cost.requested} of ${cost.limit}`,
  ].join(' · ');
  byId('refusals').replaceChildren(
    ...(refusals.length > 0 ? refusals.map(toRefusal) : [element('li', {}, 'none')]),
  );
  showFacts(byId('cache'), [
    ['Answer', cache.status ?? ''],
    ...(cache.notStored ? [['Not stored', cache.notStored]] : []),
    ...(cache.ageSeconds === undefined ? [] : [['Age', `${cache.ageSeconds} s`]]),
    ['Scope', cache.scope],
    ['Fresh for', `${cache.maxAge} s`],
    ['Tags', cache.tags.join(', ') || 'none'],
  ]);
  byId('explanation').hidden = false;
  draw();
  select(0);
  showTable();
}

function show({ extensions: { explain, ...extensions } = {}, ...answer }) {
  const rest = Object.keys(extensions).length > 0 ? { extensions } : {};
  byId('body').textContent = JSON.stringify({ ...answer, ...rest }, null, 2);
  byId('answer').hidden = false;
  byId('explanation').hidden = !explain;
  if (explain) showExplanation(explain);
}

function report(text, isFailure = false) {
  byId('status').textContent = text;
  byId('status').classList.toggle('failed', isFailure);
}

/** @returns undefined if the text is not JSON, which is reported */
function readVariables() {
  try {
    return JSON.parse(byId('variables').value || '{}');
  } catch (error) {
    report(`The variables are not JSON: ${error.message}`, true);
    return undefined;
  }
}

async function run() {
  const variables = readVariables();
  if (variables === undefined) return;
  report('Running…');
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'graphql-explain': '1',
        ...(byId('token').value.trim() && {
          authorization: `Bearer ${byId('token').value.trim()}`,
        }),
        ...(byId('fresh').checked && { 'cache-control': 'no-cache' }),
      },
      body: JSON.stringify({
        query: byId('query').value,
        variables,
      }),
    });
    const answer = await response.json();
    show(answer);
    const [{ message } = {}] = answer.errors ?? [];
    const isRefused = !answer.extensions?.explain;
    report(
      isRefused ? `${response.status}: ${message ?? 'no explanation'}` : `${response.status}`,
      isRefused,
    );
  } catch (error) {
    report(error.message, true);
  }
}

function choose() {
  const operation = operations.find(({ name }) => name === byId('operation').value);
  if (!operation) return;
  byId('query').value = operation.source;
  byId('variables').value = operation.variables;
}

const MOVES = {
  ArrowDown: (index) => Math.min(index + 1, rows.length - 1),
  ArrowUp: (index) => Math.max(index - 1, 0),
  Home: () => 0,
  End: () => rows.length - 1,
};
const indexOf = ({ target }) =>
  [...waterfall.querySelectorAll('[role=option]')].indexOf(target.closest('[role=option]'));

waterfall.addEventListener('keydown', (event) => {
  const move = MOVES[event.key];
  const index = indexOf(event);
  if (!move || index < 0) return;
  event.preventDefault();
  select(move(index), { focus: true });
});
waterfall.addEventListener('click', (event) => {
  const index = indexOf(event);
  if (index >= 0) select(index, { focus: true });
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  void run();
});
form.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
byId('query').addEventListener('input', () => {
  byId('operation').value = OWN_QUERY;
});
byId('operation').append(
  ...[...operations.map(({ name }) => name), OWN_QUERY].map((name) => element('option', {}, name)),
);
byId('operation').addEventListener('change', choose);
byId('operation').value = chosen ?? OWN_QUERY;
byId('token').value = token;
choose();
new ResizeObserver(() => {
  if (waterfall.clientWidth !== drawnWidth) draw();
}).observe(waterfall);
