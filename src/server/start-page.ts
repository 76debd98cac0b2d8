import { hash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { stripIgnoredCharacters } from 'graphql';
import Negotiator from 'negotiator';
import { escapeHtml } from '../http/html.ts';
import { originOf } from '../http/request-origin.ts';
import type { CommittedOperation } from '../operations/index.ts';
import { HTML } from '../protocols/graphql-over-http/content-negotiation.ts';
import type { ApiDescription } from '../protocols/rest/openapi.ts';

export interface StartPageOptions {
  readonly name: string;
  /** The operation in the example request. */
  readonly example: CommittedOperation | undefined;
  /** True if only registered operations are accepted. */
  readonly trustedOnly: boolean;
  /** Undefined if there is no login. */
  readonly login: { readonly publicUrl: URL } | undefined;
  /** The path of the explorer that works offline; undefined if it is not installed. */
  readonly explorer: string | undefined;
  /** The path of the page of explanations; undefined in a bundle. */
  readonly explain: string | undefined;
  /** The REST API. */
  readonly api: Pick<ApiDescription, 'routes'>;
}

const DOCS = [
  'README.md',
  'docs/clients.md',
  'docs/protocols.md',
  'docs/authentication.md',
  'docs/errors.md',
  'docs/limits.md',
  'docs/caching.md',
];
const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:3rem auto;padding:0 1rem}' +
  'pre{background:#f3f3f3;color:#111;padding:1rem;overflow-x:auto;white-space:pre-wrap}';
const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${hash('sha256', STYLE, 'base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Serves `GET /` in development: the endpoint, the explorer, an example for the command line and the
 * docs, as a page for browsers and as JSON for other clients.
 */
export function addStartPage(app: FastifyInstance, options: StartPageOptions): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/',
    handler(request, reply) {
      // A URL in absolute form (RFC 9112 §3.2.2) may name another host.
      if (!request.url.startsWith('/')) return reply.callNotFound();
      reply.header('vary', 'accept');
      const description = describe(options, originOf(request));
      const type = new Negotiator(request).mediaType(['application/json', 'text/html']);
      if (type !== 'text/html') return reply.send(description);
      return reply
        .type(HTML)
        .header('content-security-policy', PAGE_POLICY)
        .send(toPage(description));
    },
  });
}

function describe(options: StartPageOptions, origin: string) {
  const { name, example, trustedOnly, api } = options;
  const endpoint = `${origin}/graphql`;
  const body = exampleBody(example, trustedOnly);
  const login = options.login && new URL('/auth/login', options.login.publicUrl).href;
  const rest = api.routes.length > 0 ? `${origin}/docs` : undefined;
  const offlineExplorer = options.explorer && `${origin}${options.explorer}`;
  const explain = options.explain && `${origin}${options.explain}`;
  const links = { endpoint, explorer: endpoint, offlineExplorer, explain, rest, login };
  return { name, ...links, example: toCurl(endpoint, body), docs: DOCS };
}

/** A readable query, or the operation's id if only registered texts are accepted. */
function exampleBody(example: CommittedOperation | undefined, trustedOnly: boolean) {
  if (!example) return { query: '{__typename}' };
  if (trustedOnly) return { documentId: example.hash };
  return { query: stripIgnoredCharacters(example.source) };
}

const OFFLINE_LINK = '<p>Explorer without internet access: <a href="/graphiql">/graphiql</a></p>';
const EXPLAIN_LINK = '<p>Where the time of an operation goes: <a href="/explain">/explain</a></p>';
const REST_LINK =
  '<p>REST endpoints: <a href="/docs">/docs</a> (<a href="/openapi.json">OpenAPI</a>)</p>';

function toCurl(endpoint: string, body: object): string {
  const json = JSON.stringify(body).replaceAll("'", String.raw`'\''`);
  return [
    `curl -s ${endpoint}`,
    `-H "content-type: application/json"`,
    `-H "authorization: Bearer $(npm run -s token -- --user 42)"`,
    `-d '${json}'`,
  ].join(' \\\n  ');
}

function toPage(description: ReturnType<typeof describe>): string {
  const { name, endpoint, offlineExplorer, explain, rest, login, example, docs } = description;
  const signIn = login
    ? `<p>Login: <a href="${escapeHtml(login)}">${escapeHtml(login)}</a></p>`
    : '';
  const items = docs.map((path) => `<li><code>${escapeHtml(path)}</code></li>`);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Frontdesk: ${escapeHtml(name)}</title><style>${STYLE}</style></head>
<body>
<h1>Frontdesk: ${escapeHtml(name)}</h1>
<p>GraphQL endpoint and explorer (Apollo Sandbox, in a browser):
<a href="/graphql">${escapeHtml(endpoint)}</a></p>
${offlineExplorer === undefined ? '' : OFFLINE_LINK}${explain === undefined ? '' : EXPLAIN_LINK}
${rest === undefined ? '' : REST_LINK}${signIn}
<p>From a terminal, in the folder of the repository:</p>
<pre>${escapeHtml(example)}</pre>
<p>Documentation, in the repository:</p>
<ul>${items.join('')}</ul>
</body>
</html>
`;
}
