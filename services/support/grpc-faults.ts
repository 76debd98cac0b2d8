import { setTimeout as sleep } from 'node:timers/promises';
import {
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import type { UniversalServerResponse } from '@connectrpc/connect/protocol';
import { DEFAULT_LOCATION, RESET_DELAY_MS } from './apply-fault.ts';
import { HTML, INTACT_KEYS, OTHER_SHAPE } from './damage.ts';
import type { Fault } from './faults.ts';
import { gzipBomb, OVERSIZED_BYTES } from './large-bodies.ts';

/** A message has a head of flags in one byte and its length in four; both are its envelope. */
const HEAD_BYTES = 5;
const COMPRESSED = 1;
const HEADER = { 'content-type': 'application/grpc+proto' };
const PADDING = Buffer.alloc(65_536);

/** The gRPC statuses that stand for HTTP statuses; others are UNKNOWN, or INVALID_ARGUMENT below 500. */
const CODES: Readonly<Record<number, Code>> = {
  401: Code.Unauthenticated,
  403: Code.PermissionDenied,
  404: Code.NotFound,
  409: Code.Aborted,
  429: Code.ResourceExhausted,
  500: Code.Internal,
  501: Code.Unimplemented,
  503: Code.Unavailable,
  504: Code.DeadlineExceeded,
};

export const toCode = (status: number): Code =>
  CODES[status] ?? (status < 500 ? Code.InvalidArgument : Code.Unknown);

type Response = UniversalServerResponse;

/**
 * Applies a fault to a response before it is sent.
 * @param intact - undefined if the operation has not run
 * @param reset - ends the stream, and nothing else on its connection
 * @returns the response to send; undefined if none is
 */
export async function applyGrpcFault(
  fault: Fault,
  output: DescMessage,
  intact: Response | undefined,
  reset: () => void,
): Promise<Response | undefined> {
  if (fault.hang) return undefined;
  if (fault.reset) {
    reset();
    return undefined;
  }
  if (fault.body === 'redirect') {
    return { status: 302, header: new Headers({ location: fault.location ?? DEFAULT_LOCATION }) };
  }
  if (fault.body === 'html') {
    const header = new Headers({ 'content-type': 'text/html' });
    return { status: fault.status ?? 200, header, body: iterate([Buffer.from(HTML)]) };
  }
  if (!intact || fault.status !== undefined) return toError(fault);
  const envelope = Buffer.concat(await Array.fromAsync(intact.body ?? []));
  // An error has no message.
  if (envelope.length === 0) return intact;
  const body = iterate(await damage(fault, envelope, output, reset));
  if (fault.body !== 'gzipBomb') return { ...intact, body };
  return { ...intact, body, header: new Headers({ ...HEADER, 'grpc-encoding': 'gzip' }) };
}

function toError({ status = 500, retryAfter }: Fault): Response {
  const header = new Headers({ ...HEADER, 'grpc-status': String(toCode(status)) });
  if (retryAfter !== undefined) header.set('retry-after', String(retryAfter));
  return { status: 200, header };
}

/** @returns the parts of the body */
async function damage(
  { malformed, cutBody, body }: Fault,
  envelope: Buffer,
  output: DescMessage,
  reset: () => void,
): Promise<Iterable<Uint8Array> | AsyncIterable<Uint8Array>> {
  const message = envelope.subarray(HEAD_BYTES);
  if (malformed) return [envelop(toMalformed(malformed, message, output))];
  if (cutBody) return cut(envelope, cutBody, reset);
  if (body === 'oversized') return oversized();
  if (body === 'endless') return endless(envelope);
  if (body === 'wrongLength') return [envelop(message, 2 * message.length)];
  if (body !== 'gzipBomb') return [envelope];
  const bomb = await gzipBomb('{}');
  return [envelop(bomb, bomb.length, COMPRESSED)];
}

async function* iterate(parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) {
  yield* parts;
}

function envelop(message: Uint8Array, length = message.length, flags = 0): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

async function* cut(envelope: Buffer, mode: 'hang' | 'reset', reset: () => void) {
  yield envelope.subarray(0, envelope.length >> 1);
  if (mode === 'hang') await forever();
  await sleep(RESET_DELAY_MS, undefined, { ref: false });
  reset();
  await forever();
}

/** The body of a stream that ends by a reset, or when the client leaves. */
const forever = () => new Promise<never>(() => {});

/** One message of many bytes. */
function* oversized() {
  yield envelop(PADDING, OVERSIZED_BYTES);
  for (let sent = PADDING.length; sent < OVERSIZED_BYTES; sent += PADDING.length) yield PADDING;
}

/** One message after another. */
function* endless(envelope: Buffer) {
  for (;;) yield envelope;
}

function toMalformed(
  kind: NonNullable<Fault['malformed']>,
  message: Uint8Array,
  output: DescMessage,
): Uint8Array {
  if (kind === 'json') return message.subarray(0, message.length >> 1);
  if (kind === 'shape') return Buffer.from(OTHER_SHAPE);
  const json = toJson(output, fromBinary(output, message), { alwaysEmitImplicit: true });
  return toBinary(output, fromJson(output, withWrongValues(json)));
}

/** Protobuf has no values of wrong types: strings and times are missing, and numbers negative. */
function withWrongValues(value: JsonValue): JsonValue {
  if (typeof value === 'number') return -1;
  if (Array.isArray(value)) return value.map(withWrongValues);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key, each]) => INTACT_KEYS.has(key) || typeof each !== 'string')
    .map(([key, each]) => [key, withWrongValues(each)]);
  return Object.fromEntries(entries);
}
