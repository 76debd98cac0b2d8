import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
} from 'node:http2';
import type { Json } from './environment.ts';

export interface Http2Response {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** The body as text. */
  readonly text: string;
}

/** Connects to a server whose certificate this authority has issued. `using` closes the session. */
export async function connectHttp2(
  url: string,
  ca: string,
  options: SecureClientSessionOptions = {},
) {
  const session: ClientHttp2Session = connect(url, { ca, ...options });
  await once(session, 'connect');
  // The server may end the session; requests report it.
  session.on('error', () => {});

  const open = (headers: OutgoingHttpHeaders, body?: string): ClientHttp2Stream => {
    const stream = session.request(headers, { endStream: body === undefined });
    if (body !== undefined) stream.end(body);
    return stream;
  };

  return {
    session,

    /** Opens a stream, with its body if there is one. */
    open,

    request: (headers: OutgoingHttpHeaders, body?: string): Promise<Http2Response> =>
      readResponse(open(headers, body)),

    /** Sends an operation as JSON. */
    post: (body: Json, headers: OutgoingHttpHeaders = {}): Promise<Http2Response> =>
      readResponse(
        open(
          {
            ':method': 'POST',
            ':path': '/graphql',
            'content-type': 'application/json',
            ...headers,
          },
          JSON.stringify(body),
        ),
      ),

    get: (path: string, headers: OutgoingHttpHeaders = {}): Promise<Http2Response> =>
      readResponse(open({ ':path': path, ...headers })),

    [Symbol.dispose]: () => session.destroy(),
  };
}

export type Http2Client = Awaited<ReturnType<typeof connectHttp2>>;

/** @throws Error if the stream is reset or the session ends before the response is complete */
export async function readResponse(stream: ClientHttp2Stream): Promise<Http2Response> {
  const chunks: Buffer[] = [];
  let headers: IncomingHttpHeaders & { ':status'?: number | undefined } = {};
  stream.on('response', (received) => {
    headers = received;
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(stream, 'close');
  const { ':status': status } = headers;
  if (stream.rstCode !== 0 || status === undefined) {
    throw new Error(`stream reset with code ${stream.rstCode}`);
  }
  const bytes = Buffer.concat(chunks);
  return { status, headers, bytes, text: bytes.toString() };
}

/** The path of an operation over GET. */
export const graphqlPath = (query: string): string => `/graphql?${new URLSearchParams({ query })}`;
