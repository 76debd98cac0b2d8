import assert from 'node:assert/strict';
import type { ErrorCode } from '../../src/errors.ts';
import type { Json } from '../support/environment.ts';
import type { HttpResponse } from './http-client.ts';

/** Every code that there is; the compiler sees to it that none is missing. */
const CODES: Readonly<Record<ErrorCode, true>> = {
  BAD_REQUEST: true,
  BAD_USER_INPUT: true,
  FORBIDDEN: true,
  GRAPHQL_PARSE_FAILED: true,
  GRAPHQL_VALIDATION_FAILED: true,
  INTERNAL_SERVER_ERROR: true,
  NOT_FOUND: true,
  OPERATION_NOT_TRUSTED: true,
  OPERATION_RESOLUTION_FAILURE: true,
  OVERLOADED: true,
  PERSISTED_QUERY_NOT_FOUND: true,
  QUERY_TOO_COMPLEX: true,
  RATE_LIMITED: true,
  UNAUTHENTICATED: true,
  UPSTREAM_TIMEOUT: true,
  UPSTREAM_UNAVAILABLE: true,
};

/** What tells of the machinery: software and its versions, stacks, paths, addresses. */
export const IMPLEMENTATION_DETAILS =
  /apollo|fastify|graphql-js|graphql-shield|undici|express|node_modules|\/(work|home|usr|src|app)\/|\.[cm]?[jt]s\b|\bat (async |Object\.|new )|127\.0\.0\.1|localhost|ECONN|ENOTFOUND|\bv?\d+\.\d+\.\d+\b/i;

/** The errors of an answer, those of all members if it is one to a batch. */
export function errorsOf({ text }: Pick<HttpResponse, 'text'>): Json[] {
  const body: Json = JSON.parse(text);
  return [body].flat().flatMap((answer) => answer?.errors ?? []);
}

export const codesOf = (received: Pick<HttpResponse, 'text'>): ErrorCode[] => [
  ...new Set(errorsOf(received).map(({ extensions }) => extensions?.code)),
];

/** The one form of an error: a sentence, a code of the list, and the id that the header has as well. */
export function assertErrorFormat(received: HttpResponse, what: string): void {
  const { status, headers, text } = received;
  const shown = `${what}: ${status} ${text.slice(0, 500)}`;
  assert.match(headers['content-type'] ?? '', /^application\/([\w-]+\+)?json/, shown);
  const errors = errorsOf(received);
  assert.ok(errors.length > 0, shown);
  for (const { message, extensions } of errors) {
    assert.equal(typeof message, 'string', shown);
    assert.ok(message.length > 0, shown);
    assert.ok(Object.hasOwn(CODES, extensions?.code), shown);
    assert.equal(extensions.requestId, headers['x-request-id'], shown);
  }
}

const MOST_BYTES = 10_000;
/** How many times its own bytes an attacker may get back. */
const MOST_GAIN = 100;

/** A refusal that costs the attacker more than us: 4xx, in the one form, and short. */
export function assertRejection(received: HttpResponse, what: string): void {
  const { status, text, sentBytes } = received;
  assert.ok(status >= 400 && status < 500, `${what}: ${status} ${text.slice(0, 500)}`);
  assertErrorFormat(received, what);
  const size = Buffer.byteLength(text);
  assert.ok(size <= MOST_BYTES, `${what}: the answer has ${size} bytes`);
  assert.ok(size <= MOST_GAIN * sentBytes, `${what}: ${sentBytes} bytes get ${size} back`);
}

/** What is over a limit is told the limit, and by how much. */
export function assertLimitReported(received: HttpResponse, what: string): void {
  const errors = errorsOf(received);
  const over = errors.filter(({ extensions }) => extensions.code === 'QUERY_TOO_COMPLEX');
  assert.ok(over.length > 0, `${what}: ${received.text.slice(0, 500)}`);
  for (const { extensions } of over) {
    const { limit, actual } = extensions;
    assert.ok(Number.isInteger(limit) && actual > limit, `${what}: ${JSON.stringify(extensions)}`);
  }
}
