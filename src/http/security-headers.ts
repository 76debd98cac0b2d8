import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type HeaderList, NO_STORE } from '../cache/index.ts';

/** What every answer says: it is data, for nobody to show, frame or run. */
const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** RFC 6797 §7.2: not to be sent over plain HTTP. */
const HSTS = { 'strict-transport-security': 'max-age=31536000; includeSubDomains' };

/** What every answer says unless a route knows better: nobody may keep it, either. */
export const DEFAULT_HEADERS = { ...NO_STORE, ...SECURITY_HEADERS } as const;
const ALWAYS_SECURE = { ...DEFAULT_HEADERS, ...HSTS } as const;

// Made once, because a stored answer is sent without making anything.
const GUARD_LIST: HeaderList = Object.entries(SECURITY_HEADERS).flat();
const GUARD_LIST_SECURE: HeaderList = Object.entries({ ...SECURITY_HEADERS, ...HSTS }).flat();
const ALWAYS_ENTRIES = Object.entries(DEFAULT_HEADERS);
const ALWAYS_ENTRIES_SECURE = Object.entries(ALWAYS_SECURE);

/** Whether the client uses TLS, to this process or to a trusted proxy that reports it. */
const isSecure = ({ protocol }: FastifyRequest): boolean => protocol === 'https';

/** The headers of every answer, for what is written past the framework. */
export const guardListFor = (request: FastifyRequest): HeaderList =>
  isSecure(request) ? GUARD_LIST_SECURE : GUARD_LIST;

export const alwaysFor = (request: FastifyRequest) =>
  isSecure(request) ? ALWAYS_SECURE : DEFAULT_HEADERS;

/** Adds to every answer what it always says, and the request's id. */
export function setSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const given = reply.getHeaders();
    for (const [name, value] of isSecure(request) ? ALWAYS_ENTRIES_SECURE : ALWAYS_ENTRIES) {
      if (given[name] === undefined) reply.header(name, value);
    }
    reply.header('x-request-id', request.id);
    done(null, payload);
  });
}
