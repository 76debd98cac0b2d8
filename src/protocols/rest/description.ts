import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { matchesEtag } from '../../cache/index.ts';
import type { ErrorHandler } from '../../http/error-handler.ts';
import type { RateLimiter } from '../../traffic/index.ts';
import { JSON_TYPE } from '../media-type.ts';
import { type ApiDescription, describeApi } from './openapi.ts';
import { refuseOtherMethods } from './refuse-methods.ts';

/** The page to browse the document with. */
export interface DescriptionPage {
  /** Sent with the requests that the page makes, until another one is given. */
  readonly token: string | undefined;
  /** The folder with the files of Swagger UI. */
  readonly files: URL;
}

interface DescriptionOptions {
  readonly rateLimiter: Pick<RateLimiter, 'take'>;
  readonly errorHandler: ErrorHandler;
  /** Undefined in production. */
  readonly page: DescriptionPage | undefined;
}

/** The cost of reading the document, in cost units. */
const COST = 1;
const MAX_AGE_SECONDS = 300;
const FILES = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
};

/**
 * Serves `GET /openapi.json`; also in production, since everything that it names is public to clients of
 * the endpoints. In development `GET /docs` is a page to browse it, which loads nothing from elsewhere.
 */
export function addDescription(
  app: FastifyInstance,
  api: ApiDescription,
  { rateLimiter, errorHandler, page }: DescriptionOptions,
): void {
  const text = `${JSON.stringify(describeApi(api), null, 2)}\n`;
  const etag = `"${digest(text).slice(0, 22)}"`;
  app.route({
    method: ['GET', 'HEAD'],
    url: '/openapi.json',
    errorHandler,
    async handler({ ip: address, headers }, reply) {
      reply.headers({ ...(await rateLimiter.take({ address, viewer: undefined }, COST)) });
      reply.headers({ etag, 'cache-control': `private, max-age=${MAX_AGE_SECONDS}` });
      if (matchesEtag(etag, headers['if-none-match'])) return reply.code(304).send();
      return reply.type(JSON_TYPE).send(text);
    },
  });
  refuseOtherMethods(app, '/openapi.json', ['GET', 'HEAD'], errorHandler);
  if (page) addPage(app, api.bff.name, page);
}

function addPage(app: FastifyInstance, name: string, { token, files }: DescriptionPage): void {
  const script = toScript(token);
  const policy = [
    "default-src 'none'",
    `script-src 'self' 'sha256-${digest(script, 'base64')}'`,
    // Swagger UI sets styles on its elements.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  const html = toPage(name, script);
  app.get('/docs', (_request, reply) =>
    reply.type('text/html; charset=utf-8').header('content-security-policy', policy).send(html),
  );
  for (const [file, type] of Object.entries(FILES)) {
    app.get(`/docs/${file}`, async (_request, reply) =>
      reply
        .type(type)
        .header('cache-control', `private, max-age=${MAX_AGE_SECONDS}`)
        .send(await readFile(new URL(file, files))),
    );
  }
}

const toScript = (token: string | undefined): string => `
const ui = SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  onComplete() {
    const token = ${JSON.stringify(token ?? '')};
    if (token) ui.preauthorizeApiKey('bearer', token);
  },
});
`;

const toPage = (name: string, script: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Frontdesk: ${name}, REST</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script>${script}</script>
</body>
</html>
`;

const digest = (text: string, encoding: 'base64' | 'base64url' = 'base64url'): string =>
  createHash('sha256').update(text).digest(encoding);
