/**
 * The explorer of this server: GraphiQL at /graphiql. Unlike Apollo Sandbox at /graphql it loads nothing from
 * elsewhere, so it works without internet access; a page of Sandbox that can't be loaded opens it.
 *
 * Its files are loaded when a browser requests the first of them. Production and bundles have no explorer.
 */
import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { type IntrospectionQuery, introspectionFromSchema } from 'graphql';
import { escapeHtml } from '../../http/html.ts';
import { HTML } from '../../protocols/graphql-over-http/content-negotiation.ts';
import { SCHEMA_FOLDER } from '../build-schema.ts';
import type { OperationPageOptions } from '../operation-page.ts';
import { FETCHER_SCRIPT, SCHEMA_PATH } from './fetcher-script.ts';
import { placeholdersFor } from './placeholders.ts';
import { TABS_SCRIPT } from './tabs-script.ts';

/** A development package, which a bundle does not have: a build of GraphiQL with its workers, as texts. */
const PACKAGE = new URL('../node_modules/@graphql-yoga/render-graphiql/', SCHEMA_FOLDER);
const PATH = '/graphiql';
const MAX_AGE_SECONDS = 300;
const CSS = 'text/css; charset=utf-8';
const JAVASCRIPT = 'text/javascript; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';
/** Workers have the names by which GraphiQL's editor asks for them. */
const FILES = {
  'graphiql.css': { type: CSS, text: 'css' },
  'graphiql.js': { type: JAVASCRIPT, text: 'js' },
  'editorWorkerService.worker.js': { type: JAVASCRIPT, text: 'editorWorkerService' },
  'graphql.worker.js': { type: JAVASCRIPT, text: 'graphqlWorker' },
  'json.worker.js': { type: JAVASCRIPT, text: 'jsonWorker' },
} as const;

/** The page has no logo. */
const STYLE =
  'body{margin:0;overflow:hidden}.graphiql-logo{white-space:nowrap}.graphiql-logo div>div{display:none}' +
  '.graphiql-container .graphiql-logo a{color:inherit;text-decoration:none}';

const isInstalled = (): boolean => PACKAGE.protocol === 'file:' && existsSync(PACKAGE);

interface Explorer {
  readonly path: string;
  /** The path of a script for Sandbox's page, which opens the explorer if Sandbox can't be loaded. */
  readonly sandboxFallback: string;
}

/** Adds the explorer, if its package is installed. */
export function addExplorer(
  app: FastifyInstance,
  options: OperationPageOptions,
): Explorer | undefined {
  if (!isInstalled()) return undefined;
  const script = toScript(options);
  const policy = [
    "default-src 'none'",
    `script-src 'self' 'sha256-${hash('sha256', script, 'base64')}'`,
    // The editor sets styles on its elements.
    "style-src 'self' 'unsafe-inline'",
    'img-src data:',
    'font-src data:',
    "connect-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  const html = toPage(options.name, script);
  app.get(PATH, (_request, reply) =>
    reply.type(HTML).header('content-security-policy', policy).send(html),
  );

  for (const [file, { type, text }] of Object.entries(FILES)) {
    app.get(`${PATH}/${file}`, async (_request, reply) => {
      const graphiql = await import('@graphql-yoga/render-graphiql/graphiql');
      return reply
        .type(type)
        .header('cache-control', `private, max-age=${MAX_AGE_SECONDS}`)
        .send(graphiql[text]);
    });
  }

  let introspection: IntrospectionQuery | undefined;
  app.get(SCHEMA_PATH, (_request, reply) => {
    introspection ??= introspectionFromSchema(options.schema, { schemaDescription: true });
    return reply.type(JSON_TYPE).send({ data: introspection });
  });

  const sandboxFallback = `${PATH}/sandbox-fallback.js`;
  app.get(sandboxFallback, (_request, reply) => reply.type(JAVASCRIPT).send(SANDBOX_FALLBACK));
  return { path: PATH, sandboxFallback };
}

/** Sandbox's frame sends a message as soon as it has been loaded. */
const SANDBOX_TIMEOUT_MS = 10_000;
const SANDBOX_FALLBACK = `
const loading = new AbortController();
const { signal } = loading;
const openExplorer = () => location.replace('${PATH}');
const timer = setTimeout(openExplorer, ${SANDBOX_TIMEOUT_MS});
signal.addEventListener('abort', () => clearTimeout(timer));
addEventListener('message', ({ origin }) => {
  if (origin !== location.origin) loading.abort();
}, { signal });
// Of the script, or of the code that uses it.
addEventListener('error', ({ target }) => {
  if (target === window || target instanceof HTMLScriptElement) openExplorer();
}, { capture: true, signal });
`;

function toScript({
  name,
  schema,
  committed,
  example,
  sandboxToken,
}: OperationPageOptions): string {
  const first = committed.filter((operation) => operation === example);
  const others = committed.filter((operation) => operation !== example);
  const tabs = [...first, ...others].map(({ name, source, document }) => ({
    name,
    query: source,
    variables: placeholdersFor(schema, document),
  }));
  const options = {
    // Of every tab.
    headers: sandboxToken && JSON.stringify({ authorization: `Bearer ${sandboxToken}` }, null, 2),
    // A stored token would be sent after it has expired.
    shouldPersistHeaders: false,
    ...(tabs.length > 0 && { defaultTabs: tabs }),
    title: `<a href="/">Frontdesk: ${escapeHtml(name)}</a>`,
    logo: '',
  };
  return `${FETCHER_SCRIPT}${TABS_SCRIPT}
self.MonacoEnvironment = {
  getWorkerUrl: (_module, label) => '${PATH}/' + label + '.worker.js',
};
const options = ${JSON.stringify(options).replaceAll('<', String.raw`\u003c`)};
YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), {
  ...options,
  fetcher,
  ...openTabs(options.defaultTabs ?? []),
  // GraphiQL's own: docs and history.
  plugins: undefined,
});
`;
}

const toPage = (name: string, script: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Frontdesk: ${escapeHtml(name)}, GraphiQL</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${PATH}/graphiql.css">
<style>${STYLE}</style>
</head>
<body>
<div id="root"></div>
<script src="${PATH}/graphiql.js"></script>
<script>${script}</script>
</body>
</html>
`;
