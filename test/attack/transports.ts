import { hash } from 'node:crypto';
import type { Json } from '../support/environment.ts';
import { type HttpResponse, jsonPost, send } from './http-client.ts';

/** What is asked, however it travels. */
export interface GraphqlRequest {
  readonly query?: string | undefined;
  readonly variables?: Readonly<Record<string, Json>> | undefined;
  readonly operationName?: string | undefined;
  readonly extensions?: Readonly<Record<string, Json>> | undefined;
}

export type Headers = Readonly<Record<string, string>>;

type Transport = (
  endpoint: string,
  asked: GraphqlRequest,
  headers: Headers,
) => Promise<HttpResponse>;

/** The ways in which one operation may travel. */
export const TRANSPORTS = {
  POST: (endpoint, asked, headers) => send(jsonPost(endpoint, asked, headers)),
  GET: (endpoint, asked, headers) => send({ url: urlOf(endpoint, asked), headers }),
  batch: (endpoint, asked, headers) => send(jsonPost(endpoint, [asked], headers)),
  persisted: (endpoint, asked, headers) => send(jsonPost(endpoint, withHash(asked), headers)),
} satisfies Record<string, Transport>;

export type TransportName = keyof typeof TRANSPORTS;
export const TRANSPORT_NAMES = Object.keys(TRANSPORTS) as TransportName[];

/** As a text is registered under its hash. */
export const withHash = (asked: GraphqlRequest): GraphqlRequest => ({
  ...asked,
  extensions: { persistedQuery: { version: 1, sha256Hash: hash('sha256', asked.query ?? '') } },
});

/** By the hash alone. */
export const hashOnly = ({ query, ...asked }: GraphqlRequest): GraphqlRequest => ({
  ...asked,
  extensions: { persistedQuery: { version: 1, sha256Hash: hash('sha256', query ?? '') } },
});

export function urlOf(endpoint: string, asked: GraphqlRequest): string {
  const parameters = Object.entries(asked)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]);
  return `${endpoint}?${new URLSearchParams(parameters)}`;
}
