/** The head of a request to /graphql, with these header lines. */
export const head = (...headers: string[]): string =>
  ['POST /graphql HTTP/1.1', 'Host: localhost', ...headers, '', ''].join('\r\n');

export const JSON_TYPE = 'Content-Type: application/json';
export const TEXT_TYPE = 'Content-Type: text/plain';
export const CHUNKED = 'Transfer-Encoding: chunked';
export const contentLength = (bytes: number): string => `Content-Length: ${bytes}`;

export const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

/** A request with a body of known length. */
export const withBody = (body: string): string =>
  head(JSON_TYPE, contentLength(body.length)) + body;

/** A request with a body of unknown length, in chunks of at most 20,000 bytes. */
export function withChunkedBody(type: string, body: string): string {
  const chunks = body.match(/.{1,20000}/g) ?? [];
  return `${head(type, CHUNKED)}${chunks.map(chunk).join('')}0\r\n\r\n`;
}

export const VALID = JSON.stringify({ query: '{ __typename }' });
export const INVALID = JSON.stringify({
  query: '{ nothing }',
  variables: { a: 'x'.repeat(100_000) },
});
export const X100K = 'x'.repeat(100_000);
