import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import { BffError } from '../../errors.ts';
import { hasBody } from '../../http/counted-request.ts';
import type { CompiledRoute } from './routes.ts';

/** The maximum size of a body that is changed. */
const MAX_CHANGED_BYTES = 1024 * 1024;
const JSON_TYPE = /^application\/([\w.+-]+\+)?json\s*(;|$)/i;

/**
 * The body of a request as it is forwarded: a stream, or a text if the route changes it.
 * @throws BffError BAD_REQUEST, with status 413 or 415, for a body that the route cannot change
 */
export async function requestBody(
  request: IncomingMessage,
  { changeRequest }: CompiledRoute,
): Promise<string | Readable | undefined> {
  if (!hasBody(request)) return undefined;
  if (!changeRequest) return detached(request);
  refuseOtherTypes(request);
  const bytes = await readAll(request);
  try {
    return changeRequest(bytes);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    throw new BffError('BAD_REQUEST', 'The body is not valid JSON.', { cause: error });
  }
}

/** @throws BffError BAD_REQUEST with status 415 */
function refuseOtherTypes({ headers }: IncomingMessage): void {
  const { 'content-type': type, 'content-encoding': encoding } = headers;
  if (JSON_TYPE.test(String(type)) && encoding === undefined) return;
  throw new BffError('BAD_REQUEST', 'The body must be JSON, without compression.', { status: 415 });
}

/**
 * A copy of the stream that can be destroyed without the client's connection, so that the client gets a
 * response if the upstream fails before it has read everything.
 */
function detached(request: IncomingMessage): Readable {
  const copy = new PassThrough();
  copy.on('error', () => {});
  request.once('close', () => {
    if (!request.complete) copy.destroy(new Error('the client has left'));
  });
  return request.pipe(copy);
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Not `for await`, which would destroy the client's connection at the limit.
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_CHANGED_BYTES) reject(tooLarge());
    else chunks.push(chunk);
  });
  request.once('end', resolve);
  request.once('close', () => reject(new BffError('BAD_REQUEST', 'The body is incomplete.')));
  await promise;
  return Buffer.concat(chunks);
}

const tooLarge = () =>
  new BffError('BAD_REQUEST', `The body has more than ${MAX_CHANGED_BYTES} bytes.`, {
    status: 413,
  });
