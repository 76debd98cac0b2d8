import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as EarlierClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as EarlierTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  type AnyEnvironment,
  authorization,
  type Json,
  type TestViewer,
} from '../../support/environment.ts';

export const MCP = { MCP: 'on' } as const;
export const CURRENT = '2026-07-28';

interface McpOptions {
  readonly as?: TestViewer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A response of the endpoint, as it was sent. */
interface Exchange {
  readonly status: number;
  readonly headers: Headers;
}

/** Records the responses to the POSTs of a client. */
function createRecorder(exchanges: Exchange[]) {
  return async (url: string | URL, init?: RequestInit): Promise<Response> => {
    const response = await fetch(url, init);
    const { status, headers } = response;
    if (init?.method === 'POST') exchanges.push({ status, headers });
    return response;
  };
}

/** Sends one message, or what is none, as a client of an earlier revision does. */
export async function post(
  { url }: Pick<AnyEnvironment, 'url'>,
  message: unknown,
  { as, headers }: McpOptions = {},
) {
  const response = await fetch(new URL('/mcp', url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(await authorization(as)),
      ...headers,
    },
    body: typeof message === 'string' ? message : JSON.stringify(message),
  });
  const text = await response.text();
  const [, event] = /^data: (.*)$/m.exec(text) ?? [];
  const body: Json = text === '' ? undefined : JSON.parse(event ?? text);
  return { status: response.status, headers: response.headers, text, body };
}

export const request = (method: string, params: Record<string, unknown> = {}) => ({
  jsonrpc: '2.0',
  id: 7,
  method,
  params,
});

export const toolCall = (name: string, given: Record<string, unknown> = {}) =>
  request('tools/call', { name, arguments: given });

const toInit = async ({ as, headers }: McpOptions): Promise<RequestInit> => ({
  headers: { ...(await authorization(as)), ...headers },
});

/** Connects the SDK's client, with the current revision of the protocol. */
export async function connect({ url }: Pick<AnyEnvironment, 'url'>, options: McpOptions = {}) {
  const exchanges: Exchange[] = [];
  const client = new Client(
    { name: 'test', version: '1' },
    { versionNegotiation: { mode: { pin: CURRENT } } },
  );
  await client.connect(
    new StreamableHTTPClientTransport(new URL('/mcp', url), {
      requestInit: await toInit(options),
      fetch: createRecorder(exchanges),
    }),
  );
  return {
    client,
    exchanges,
    call: (name: string, given: Record<string, unknown> = {}) =>
      client.callTool({ name, arguments: given }),
    last: () => exchanges.at(-1) as Exchange,
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** Connects a client of an earlier revision, which begins with a handshake. */
export async function connectEarlier(
  { url }: Pick<AnyEnvironment, 'url'>,
  options: McpOptions = {},
) {
  const exchanges: Exchange[] = [];
  const client = new EarlierClient({ name: 'test', version: '1' });
  const transport = new EarlierTransport(new URL('/mcp', url), {
    requestInit: await toInit(options),
    fetch: createRecorder(exchanges),
  });
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  return {
    client,
    transport,
    exchanges,
    [Symbol.asyncDispose]: () => client.close(),
  };
}
