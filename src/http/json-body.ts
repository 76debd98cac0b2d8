import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BffError } from '../errors.ts';

/** A charset that is not UTF-8, of which ASCII is a part (RFC 8259 §8.1). */
const OTHER_CHARSET = /;\s*charset="?(?!utf-?8\b|us-ascii\b)/i;

/** Parses JSON bodies in UTF-8, which many clients announce for an empty body, too. */
export function addJsonParser(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    refuseOtherCodings(request);
    return body === '' ? done(null, undefined) : parse(request, body as string, done);
  });
}

/** @throws BffError BAD_REQUEST with status 415 */
function refuseOtherCodings({ headers }: FastifyRequest): void {
  const { 'content-type': type = '', 'content-encoding': coding = 'identity' } = headers;
  if (coding.toLowerCase() === 'identity' && !OTHER_CHARSET.test(type)) return;
  throw new BffError('BAD_REQUEST', 'Send JSON in UTF-8, without compression.', {
    status: 415,
    // RFC 9110 §12.5.3
    headers: { 'accept-encoding': 'identity' },
  });
}
