import type { LoadRequest } from './load.ts';

/** Formats a request as the bytes of HTTP/1.1. */
export function toRawHttp(
  origin: string,
  { method, path, headers, body = '' }: LoadRequest,
): string {
  const allHeaders = { host: new URL(origin).host, ...headers };
  const length = method === 'POST' ? [`content-length: ${Buffer.byteLength(body)}`] : [];
  const lines = Object.entries(allHeaders).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${path} HTTP/1.1`, ...lines, ...length, '', body].join('\r\n');
}
