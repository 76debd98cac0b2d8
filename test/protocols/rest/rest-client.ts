import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type AnyEnvironment,
  authorization,
  type Json,
  type TestViewer,
} from '../../support/environment.ts';

interface RestRequest {
  readonly as?: TestViewer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a text as it is. */
  readonly body?: unknown;
}

export interface RestResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined if there is no body. */
  readonly body: Json;
}

/** Sends a request such as `GET /v1/orders?first=2`. */
export async function rest(
  { url }: Pick<AnyEnvironment, 'url'>,
  line: string,
  { as, headers, body }: RestRequest = {},
): Promise<RestResponse> {
  const [method = '', path] = line.split(' ');
  const response = await fetch(url + path, {
    method,
    headers: {
      // Without a Cache-Control of its own, fetch adds `no-cache` to a request with If-None-Match.
      'cache-control': 'max-age=60',
      ...(await authorization(as)),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: text === '' ? undefined : JSON.parse(text),
  };
}

/** Creates a folder of committed operations, each in the file of its name. */
export async function createOperations(operations: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'frontdesk-operations-'));
  for (const [name, text] of Object.entries(operations)) {
    await writeFile(join(folder, `${name}.graphql`), text);
  }
  return {
    url: pathToFileURL(`${folder}/`),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
