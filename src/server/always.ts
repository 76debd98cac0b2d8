import type { FastifyInstance } from 'fastify';
import { type HeaderList, NO_STORE } from '../cache/index.ts';

/** What every answer says: it is data, for nobody to show, frame or run. */
const GUARDS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
} as const;

/** The same, for what is written past the framework. */
export const GUARD_LIST: HeaderList = Object.entries(GUARDS).flat();

/** What every answer says unless a route knows better: nobody may keep it, either. */
export const ALWAYS = { ...NO_STORE, ...GUARDS } as const;

const ALWAYS_ENTRIES = Object.entries(ALWAYS);

/** Adds to every answer what it always says, and the request's id. */
export function sayAlways(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const given = reply.getHeaders();
    for (const [name, value] of ALWAYS_ENTRIES) {
      if (given[name] === undefined) reply.header(name, value);
    }
    reply.header('x-request-id', request.id);
    done(null, payload);
  });
}
