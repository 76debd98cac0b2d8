import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { getOperationAST } from 'graphql';
import { escapeHtml } from '../http/html.ts';
import type { CommittedOperation } from '../operations/index.ts';
import { HTML } from '../protocols/graphql-over-http/content-negotiation.ts';
import { SCHEMA_FOLDER } from './build-schema.ts';
import { placeholdersFor } from './explorer/placeholders.ts';
import type { OperationPageOptions } from './operation-page.ts';

/** A bundle, which is for production, does not have them. */
const FILES = new URL('../src/server/explain-page/', SCHEMA_FOLDER);
const TYPES = {
  'page.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
};
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
const PATH = '/explain';

/**
 * Serves `GET /explain` in development: runs an operation, and shows what its time was spent on beside
 * its response. The page loads nothing from elsewhere.
 * @returns its path; undefined in a bundle, which has no files for it
 */
export function addExplainPage(
  app: FastifyInstance,
  options: OperationPageOptions,
): string | undefined {
  if (FILES.protocol !== 'file:' || !existsSync(FILES)) return undefined;
  const html = toPage(options);
  app.get(PATH, (_request, reply) =>
    reply.type(HTML).header('content-security-policy', POLICY).send(html),
  );
  for (const [file, type] of Object.entries(TYPES)) {
    app.get(`${PATH}/${file}`, async (_request, reply) =>
      reply.type(type).send(await readFile(new URL(file, FILES))),
    );
  }
  return PATH;
}

/** True for a query or a mutation: streams have no explanation. */
const isExplained = ({ document }: CommittedOperation): boolean =>
  getOperationAST(document)?.operation !== 'subscription';

/** What the page's script reads: JSON without the character that could end its element. */
function toData({ schema, committed, example, sandboxToken = '' }: OperationPageOptions): string {
  const operations = committed.filter(isExplained).map((operation) => ({
    name: operation.name,
    source: operation.source.trim(),
    variables: placeholdersFor(schema, operation.document) ?? '{}',
  }));
  const data = { operations, chosen: example?.name, token: sandboxToken };
  return JSON.stringify(data).replaceAll('<', String.raw`\u003c`);
}

function toPage(options: OperationPageOptions): string {
  const name = escapeHtml(options.name);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Frontdesk: ${name}, explain</title>
<link rel="stylesheet" href="/explain/page.css">
<script type="application/json" id="data">${toData(options)}</script>
<script type="module" src="/explain/page.js"></script>
</head>
<body>
<header><h1>Explain: ${name}</h1><a href="/">Start page</a></header>
<main>
<form id="request" aria-label="Request">
<label>Operation <select id="operation"></select></label>
<label>Query <textarea id="query" rows="14" spellcheck="false"></textarea></label>
<label>Variables, as JSON <textarea id="variables" rows="3" spellcheck="false"></textarea></label>
<label>Token <input id="token" autocomplete="off" spellcheck="false"></label>
<label class="choice"><input id="fresh" type="checkbox"> Do not answer from the cache</label>
<button>Run <kbd>Ctrl+Enter</kbd></button>
<p id="status" role="status"></p>
</form>
<section id="explanation" aria-labelledby="explanation-title" hidden>
<h2 id="explanation-title">Where the time went</h2>
<p id="summary"></p>
<p class="legend" aria-hidden="true"><span class="phase">phase</span> <span class="call">upstream call</span>
<span class="wait">wait before a call</span> <span class="failed">failed</span></p>
<div class="scroll">
<svg id="waterfall" role="listbox" aria-label="Phases and upstream calls in the order of time"></svg>
</div>
<dl id="details"></dl>
<h2>Refused fields</h2>
<ul id="refusals"></ul>
<h2>Cache</h2>
<dl id="cache"></dl>
<details><summary>Phases and calls as a table</summary><table id="table"></table></details>
</section>
<section id="answer" aria-labelledby="answer-title" hidden>
<h2 id="answer-title">Answer</h2>
<pre id="body" tabindex="0" aria-labelledby="answer-title"></pre>
</section>
</main>
</body>
</html>
`;
}
