import { type EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import { firstHalf, HTML, toMalformed, withPrototypeKeys } from './damage.ts';
import { derivesFromResponse, type Fault } from './faults.ts';
import { endless, gzipBomb, oversized } from './large-bodies.ts';

export const FAULT_RESPONSE = { code: 'fault' };

export const DEFAULT_LOCATION = 'http://127.0.0.1:9/';
/** A reset discards data that the kernel has not sent yet, so the half body gets some time first. */
export const RESET_DELAY_MS = 20;

const resetResponses = new WeakSet<ServerResponse>();

/** True if a fault, rather than the client, closed this connection. */
export const wasResetByFault = (reply: FastifyReply): boolean => resetResponses.has(reply.raw);

/** Applies a fault to a response before it is sent. */
export async function applyFault(fault: Fault, reply: FastifyReply, response: unknown) {
  if (fault.hang) {
    await clientClosed(reply);
    return response;
  }
  if (fault.reset) {
    reset(reply);
    return response;
  }
  if (fault.retryAfter !== undefined) reply.header('retry-after', String(fault.retryAfter));
  if (fault.body === 'redirect') return redirect(reply, fault.location);
  const text = toText(fault, reply, response);
  return fault.cutBody ? cut(fault.cutBody, text, reply) : toBody(fault.body, text, reply);
}

/** Resolves early if the client disconnects; does not keep the process alive. */
export async function delay(ms: number, response: EventEmitter): Promise<void> {
  const closed = new AbortController();
  const abort = () => closed.abort();
  response.once('close', abort);
  await sleep(ms, undefined, { ref: false, signal: closed.signal }).catch(() => undefined);
  response.off('close', abort);
}

async function clientClosed(reply: FastifyReply): Promise<void> {
  if (!reply.raw.destroyed) await once(reply.raw, 'close');
}

function reset(reply: FastifyReply): void {
  const { socket } = reply.raw;
  if (!socket || socket.destroyed) return;
  resetResponses.add(reply.raw);
  socket.resetAndDestroy();
}

function redirect(reply: FastifyReply, location = DEFAULT_LOCATION): string {
  reply.code(302).header('location', location).removeHeader('content-type');
  return '';
}

function toText(fault: Fault, reply: FastifyReply, response: unknown): string {
  if (fault.body === 'html') {
    reply.code(fault.status ?? 200).type('text/html; charset=utf-8');
    return HTML;
  }
  const isDerived = derivesFromResponse(fault) && typeof response === 'string';
  if (!isDerived) reply.code(fault.status ?? 500);
  const text = isDerived ? response : JSON.stringify(FAULT_RESPONSE);
  if (fault.malformed) return toMalformed(fault.malformed, text);
  return fault.body === 'proto' ? withPrototypeKeys(text) : text;
}

function toBody(kind: Fault['body'], text: string, reply: FastifyReply) {
  if (kind === 'oversized') return oversized(text);
  if (kind === 'endless') return endless(text);
  if (kind === 'gzipBomb') {
    reply.header('content-encoding', 'gzip');
    return gzipBomb(text);
  }
  if (kind === 'wrongLength') {
    const length = Buffer.byteLength(text);
    reply.headers({ 'content-length': String(length * 2), connection: 'close' });
    // A stream, because Fastify corrects the length of a string.
    return Readable.from([Buffer.from(text)]);
  }
  return text;
}

function cut(mode: NonNullable<Fault['cutBody']>, text: string, reply: FastifyReply): Readable {
  reply.header('content-length', String(Buffer.byteLength(text)));
  return Readable.from(sendHalf());

  async function* sendHalf() {
    yield Buffer.from(firstHalf(text));
    if (mode === 'hang') return clientClosed(reply);
    await delay(RESET_DELAY_MS, reply.raw);
    reset(reply);
  }
}
