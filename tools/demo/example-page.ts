import { readdir, readFile } from 'node:fs/promises';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { pipeline } from 'node:stream';
import { ROOT } from '../tree.ts';

export interface ExamplePage {
  readonly url: string;
  /** Connects the page with its BFF. Until then, its requests to the BFF get 503. */
  readonly connect: (bffUrl: string) => void;
  readonly close: () => void;
}

interface Options {
  readonly port: number;
  /** Added to the requests to the BFF that have none: the token of a page without a login. */
  readonly token?: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.md': 'text/markdown; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const HEADERS = {
  'cache-control': 'no-cache',
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
};
/** What the BFF answers under the page's origin. */
const BFF_PATH = /^\/(graphql|auth)(?=[/?]|$)/;

/** The files of a page that `npm run build` in examples/ has written; undefined if there are none. */
export async function readPage(name: string): Promise<ReadonlyMap<string, Buffer> | undefined> {
  const folder = new URL(`examples/${name}/dist/`, ROOT);
  const names = await readdir(folder).catch(() => undefined);
  if (!names) return undefined;
  const files = await Promise.all(
    names.map(async (file) => [`/${file}`, await readFile(new URL(file, folder))] as const),
  );
  return new Map(files);
}

/**
 * Serves a page of examples/ and, under the same origin, its BFF, as a reverse proxy does in production. So
 * the page needs no CORS, and the cookie of the BFF is the page's.
 * @throws Error if the port is in use
 */
export async function startExamplePage(
  files: ReadonlyMap<string, Buffer>,
  { port, token }: Options,
): Promise<ExamplePage> {
  let bff: URL | undefined;

  const server = createServer((request, response) => {
    const { url = '/' } = request;
    if (BFF_PATH.test(url)) return forward(request, response);
    const [path = ''] = url.split('?');
    const file = path === '/' ? '/index.html' : path;
    const content = files.get(file);
    if (!content) return void response.writeHead(404).end();
    response.writeHead(200, { ...HEADERS, 'content-type': TYPES[extname(file)] }).end(content);
  });

  function forward(request: IncomingMessage, response: ServerResponse): void {
    if (!bff) return void response.writeHead(503).end();
    const { method, url, headers } = request;
    const authorization = token && { authorization: `Bearer ${token}` };
    const forwarded = httpRequest(new URL(url ?? '/', bff), {
      method,
      headers: { ...authorization, ...headers },
    });
    forwarded.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      pipeline(answer, response, () => {});
    });
    forwarded.on('error', () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    });
    response.on('close', () => forwarded.destroy());
    request.pipe(forwarded);
  }

  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(port, '127.0.0.1', resolve);
  await promise;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connect(bffUrl) {
      bff = new URL(bffUrl);
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
