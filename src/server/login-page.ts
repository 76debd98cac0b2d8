import { hash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { type BffError, messageFor } from '../errors.ts';
import { statusOf } from '../http/error-handler.ts';
import { escapeHtml } from '../http/html.ts';
import { recordRefusal } from '../http/observe-requests.ts';
import { HTML } from '../protocols/graphql-over-http/content-negotiation.ts';

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem}';
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${hash('sha256', STYLE, 'base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** True for a browser that shows the response to its user. */
export const wantsPage = (request: FastifyRequest): boolean =>
  new Negotiator(request).mediaType(['application/json', 'text/html']) === 'text/html';

/**
 * Sends an error as a page without a script. Its text is one of our own messages, which repeat nothing of the
 * request; in development it has the hint, too.
 */
export function sendErrorPage(request: FastifyRequest, reply: FastifyReply, error: BffError) {
  recordRefusal(request, error.code, error);
  return reply
    .code(statusOf(error))
    .headers(error.headers)
    .type(HTML)
    .header('content-security-policy', POLICY)
    .send(toPage(messageFor(error)));
}

const toPage = (message: string): string => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Sign in</title><style>${STYLE}</style></head>
<body>
<h1>Sign-in failed</h1>
<p>${escapeHtml(message)}</p>
<p><a href="/auth/login">Try again</a></p>
</body>
</html>
`;
