import { hash } from 'node:crypto';
import type { Json } from '../support/environment.ts';
import { type HttpResponse, jsonPost, send } from './http-client.ts';

/** A GraphQL request, independent of the transport. */
export interface GraphqlRequest {
  readonly query?: string | undefined;
  readonly variables?: Readonly<Record<string, Json>> | undefined;
  readonly operationName?: string | undefined;
  readonly extensions?: Readonly<Record<string, Json>> | undefined;
}

export type Headers = Readonly<Record<string, string>>;

type Transport = (
  endpoint: string,
  request: GraphqlRequest,
  headers: Headers,
) => Promise<HttpResponse>;

/** The transports of an operation. */
export const TRANSPORTS = {
  POST: (endpoint, request, headers) => send(jsonPost(endpoint, request, headers)),
  GET: (endpoint, request, headers) => send({ url: urlOf(endpoint, request), headers }),
  batch: (endpoint, request, headers) => send(jsonPost(endpoint, [request], headers)),
  persisted: (endpoint, request, headers) => send(jsonPost(endpoint, withHash(request), headers)),
} satisfies Record<string, Transport>;

export type TransportName = keyof typeof TRANSPORTS;
export const TRANSPORT_NAMES = Object.keys(TRANSPORTS) as TransportName[];

/** The request that registers a document under its hash. */
export const withHash = (request: GraphqlRequest): GraphqlRequest => ({
  ...request,
  extensions: { persistedQuery: { version: 1, sha256Hash: hash('sha256', request.query ?? '') } },
});

/** The request for a document that was registered before. */
export const hashOnly = ({ query, ...request }: GraphqlRequest): GraphqlRequest => ({
  ...request,
  extensions: { persistedQuery: { version: 1, sha256Hash: hash('sha256', query ?? '') } },
});

export function urlOf(endpoint: string, request: GraphqlRequest): string {
  const parameters = Object.entries(request)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]);
  return `${endpoint}?${new URLSearchParams(parameters)}`;
}
