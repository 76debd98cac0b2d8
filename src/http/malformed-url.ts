import type { IncomingMessage } from 'node:http';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { BffError } from '../errors.ts';

const ROUTABLE_URL = '/malformed-url';

interface MalformedUrl {
  readonly url: string | undefined;
  readonly error: FastifyError;
}

/**
 * Refuses URLs that can't be decoded, after the hooks of every other request. Fastify calls no hook for
 * them and doesn't know the client's address behind a proxy, so they are routed again with another URL.
 */
export function createMalformedUrlRefusal() {
  const malformedUrls = new WeakMap<IncomingMessage, MalformedUrl>();
  return {
    /** For `frameworkErrors`, which are about URLs only. */
    reroute(error: FastifyError, { raw, server }: FastifyRequest, reply: FastifyReply): void {
      malformedUrls.set(raw, { url: raw.url, error });
      raw.url = ROUTABLE_URL;
      server.routing(raw, reply.raw);
    },
    /** @throws BffError BAD_REQUEST, with status 414 for a segment that is too long */
    refuse({ raw }: FastifyRequest): void {
      const found = raw.url === ROUTABLE_URL ? malformedUrls.get(raw) : undefined;
      if (!found) return;
      if (found.url !== undefined) raw.url = found.url;
      throw toRefusal(found.error);
    },
  };
}

/** Fastify's own message repeats the URL. */
const toRefusal = ({ statusCode = 400 }: FastifyError): BffError =>
  statusCode === 414
    ? new BffError('BAD_REQUEST', 'A segment of the path is too long.', { status: 414 })
    : new BffError('BAD_REQUEST', 'The path is not percent-encoded correctly.');
