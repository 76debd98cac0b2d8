import assert from 'node:assert/strict';
import { ERROR_CODES, type ErrorCode } from '../../src/errors.ts';
import type { Json } from '../support/environment.ts';
import type { HttpResponse } from './http-client.ts';

/** Names and versions of software, stacks, paths and addresses. */
export const IMPLEMENTATION_DETAILS =
  /apollo|fastify|graphql-js|graphql-shield|undici|express|node_modules|\/(work|home|usr|src|app)\/|\.[cm]?[jt]s\b|\bat (async |Object\.|new )|127\.0\.0\.1|localhost|ECONN|ENOTFOUND|\bv?\d+\.\d+\.\d+\b/i;

/** The errors of a response; of a batch, those of all its members. A problem document is one error. */
export function errorsOf({ text }: Pick<HttpResponse, 'text'>): Json[] {
  const body: Json = JSON.parse(text);
  return [body]
    .flat()
    .flatMap((member) => (member?.type ? toError(member) : (member?.errors ?? [])));
}

const toError = ({ detail, code, requestId }: Json): Json => ({
  message: detail,
  extensions: { code, requestId },
});

export const codesOf = (response: Pick<HttpResponse, 'text'>): ErrorCode[] => [
  ...new Set(errorsOf(response).map(({ extensions }) => extensions?.code)),
];

/** Asserts the error format: a message, a code of the list, and the request id of the header. */
export function assertErrorFormat(response: HttpResponse, what: string): void {
  const { status, headers, text } = response;
  const shown = `${what}: ${status} ${text.slice(0, 500)}`;
  assert.match(headers['content-type'] ?? '', /^application\/([\w-]+\+)?json/, shown);
  const errors = errorsOf(response);
  assert.ok(errors.length > 0, shown);
  for (const { message, extensions } of errors) {
    assert.equal(typeof message, 'string', shown);
    assert.ok(message.length > 0, shown);
    assert.ok(ERROR_CODES.includes(extensions?.code), shown);
    assert.equal(extensions.requestId, headers['x-request-id'], shown);
  }
}

const MAX_BYTES = 10_000;
/** Maximum ratio of the bytes received to those sent. */
const MAX_AMPLIFICATION = 100;

/** Asserts a rejection that amplifies nothing: 4xx, in the error format, and short. */
export function assertRejection(response: HttpResponse, what: string): void {
  const { status, text, sentBytes } = response;
  assert.ok(status >= 400 && status < 500, `${what}: ${status} ${text.slice(0, 500)}`);
  assertErrorFormat(response, what);
  const size = Buffer.byteLength(text);
  assert.ok(size <= MAX_BYTES, `${what}: the response has ${size} bytes`);
  assert.ok(
    size <= MAX_AMPLIFICATION * sentBytes,
    `${what}: ${sentBytes} bytes sent, ${size} received`,
  );
}

/** Asserts that errors for an exceeded limit have the limit and the actual value. */
export function assertLimitReported(response: HttpResponse, what: string): void {
  const errors = errorsOf(response);
  const over = errors.filter(({ extensions }) => extensions.code === 'QUERY_TOO_COMPLEX');
  assert.ok(over.length > 0, `${what}: ${response.text.slice(0, 500)}`);
  for (const { extensions } of over) {
    const { limit, actual } = extensions;
    assert.ok(Number.isInteger(limit) && actual > limit, `${what}: ${JSON.stringify(extensions)}`);
  }
}
