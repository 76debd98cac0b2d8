import type { IncomingHttpHeaders } from 'node:http';
import type { HeaderRules } from './proxy-route.ts';

type HeaderValue = string | string[] | undefined;
type Headers = Record<string, string | string[]>;

const TOKEN = /^[a-z\d-]+$/;

/** About one connection only (RFC 9110 §7.6.1); those that Connection names are removed, too. */
const HOP_BY_HOP = [
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
/** Identify, route or trace a request: a client's are not forwarded, and no rule can set them. */
const RESERVED_IN_REQUESTS = new Set([
  ...HOP_BY_HOP,
  'accept-language',
  'authorization',
  'b3',
  'baggage',
  'client-cert',
  'client-cert-chain',
  'content-length',
  'cookie',
  'dpop',
  'early-data',
  'fastly-client-ip',
  'forwarded',
  'host',
  'max-forwards',
  'origin',
  'referer',
  'remote-user',
  'sentry-trace',
  'traceparent',
  'tracestate',
  'true-client-ip',
  'uber-trace-id',
  'user-agent',
  'via',
  'x-api-key',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-csrf-protection',
  'x-http-destinationurl',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-url',
  'x-real-ip',
  'x-remote-user',
  'x-request-id',
  'x-request-timeout-ms',
  'x-rewrite-url',
  'x-scheme',
  'x-user',
  'x-user-id',
  'x-viewer',
]);
/** About this server, its clients and caches: an upstream's are not forwarded. */
const RESERVED_IN_RESPONSES = new Set([
  ...HOP_BY_HOP,
  'age',
  'alt-svc',
  'cache-control',
  'cache-status',
  'cache-tag',
  'cdn-cache-control',
  'clear-site-data',
  'content-length',
  'content-location',
  'content-security-policy',
  'content-security-policy-report-only',
  'expires',
  'link',
  'location',
  'nel',
  'pragma',
  'ratelimit',
  'ratelimit-policy',
  'referrer-policy',
  'refresh',
  'report-to',
  'reporting-endpoints',
  'server',
  'server-timing',
  'service-worker-allowed',
  'set-cookie',
  'set-cookie2',
  'sourcemap',
  'strict-transport-security',
  'surrogate-control',
  'surrogate-key',
  'vary',
  'via',
  'www-authenticate',
  'x-aspnet-version',
  'x-aspnetmvc-version',
  'x-backend',
  'x-backend-server',
  'x-content-type-options',
  'x-frame-options',
  'x-powered-by',
  'x-request-id',
  'x-runtime',
  'x-served-by',
  'x-upstream',
  'x-viewer',
]);
/** The last ones are those with which common proxies identify, route and trace requests. */
const RESERVED_PREFIXES = [
  'access-control-',
  'cross-origin-',
  'proxy-',
  'sec-',
  'x-forwarded-',
  'cf-',
  'x-amzn-',
  'x-auth-',
  'x-authenticated-',
  'x-b3-',
  'x-consumer-',
  'x-datadog-',
  'x-envoy-',
  'x-ms-client-principal',
  'x-ssl-',
];

const isReserved = (name: string, reserved: ReadonlySet<string>): boolean =>
  reserved.has(name) || RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix));

/** The headers of a request that an upstream may get. A name with `_` could become another there (CGI). */
export const fromClient = (headers: IncomingHttpHeaders, rules?: HeaderRules): Headers =>
  applyRules(endToEnd(headers, RESERVED_IN_REQUESTS), rules);

/** The headers of a response that a client may get, without those that are made anew. */
export const fromUpstream = (headers: IncomingHttpHeaders, rules?: HeaderRules): Headers =>
  applyRules(endToEnd(headers, RESERVED_IN_RESPONSES), rules);

function endToEnd(headers: IncomingHttpHeaders, reserved: ReadonlySet<string>): Headers {
  const { connection = '' } = headers;
  const named = new Set(
    String(connection)
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  );
  const isKept = ([name, value]: [string, HeaderValue]) =>
    value !== undefined && TOKEN.test(name) && !isReserved(name, reserved) && !named.has(name);
  return Object.fromEntries(Object.entries(headers).filter(isKept)) as Headers;
}

function applyRules(headers: Headers, { remove, rename, add }: HeaderRules = {}): Headers {
  for (const name of remove ?? []) delete headers[name];
  for (const [from, to] of Object.entries(rename ?? {})) {
    const value = headers[from];
    delete headers[from];
    if (value !== undefined) headers[to] = value;
  }
  return Object.assign(headers, add);
}

/** @throws Error for names that are malformed, or that are not up to the rules of a route */
export function checkHeaderRules(rules: HeaderRules = {}, direction: 'request' | 'response'): void {
  const reserved = direction === 'request' ? RESERVED_IN_REQUESTS : RESERVED_IN_RESPONSES;
  const { remove = [], rename = {}, add = {} } = rules;
  for (const name of [...remove, ...Object.entries(rename).flat(), ...Object.keys(add)]) {
    if (!TOKEN.test(name)) throw new Error(`"${name}" is no header name in lower case`);
    if (isReserved(name, reserved)) throw new Error(`no rule can change the header ${name}`);
  }
}
