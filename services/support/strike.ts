import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import { endless, gzipBomb, oversized } from './bodies.ts';
import { type Fault, keepsAnswer } from './faults.ts';
import { HTML, half, toMalformed, toPoisoned } from './spoil.ts';

export const REFUSAL = { code: 'fault' };

const NOWHERE = 'http://127.0.0.1:9/';
/** A reset discards what the system has not sent yet, so the half that is wanted gets a start. */
const BEFORE_RESET_MS = 20;

const resetHere = new WeakSet<ServerResponse>();

/** Whether the stand-in itself cut this connection. */
export const wasResetHere = (reply: FastifyReply): boolean => resetHere.has(reply.raw);

/** Makes the fault happen to an answer that is about to be sent. */
export async function strike(fault: Fault, reply: FastifyReply, answer: unknown) {
  if (fault.hang) {
    await left(reply);
    return answer;
  }
  if (fault.reset) {
    reset(reply);
    return answer;
  }
  if (fault.retryAfter !== undefined) reply.header('retry-after', String(fault.retryAfter));
  if (fault.body === 'redirect') return redirect(reply, fault.location);
  const text = toText(fault, reply, answer);
  return fault.cutBody ? cut(fault.cutBody, text, reply) : toBody(fault.body, text, reply);
}

/** Resolves early when the client leaves; never keeps the process alive. */
export async function pause(ms: number, reply: FastifyReply): Promise<void> {
  const gone = new AbortController();
  const leave = () => gone.abort();
  reply.raw.once('close', leave);
  await sleep(ms, undefined, { ref: false, signal: gone.signal }).catch(() => undefined);
  reply.raw.off('close', leave);
}

async function left(reply: FastifyReply): Promise<void> {
  if (!reply.raw.destroyed) await once(reply.raw, 'close');
}

function reset(reply: FastifyReply): void {
  const { socket } = reply.raw;
  if (!socket || socket.destroyed) return;
  resetHere.add(reply.raw);
  socket.resetAndDestroy();
}

function redirect(reply: FastifyReply, location = NOWHERE): string {
  reply.code(302).header('location', location).removeHeader('content-type');
  return '';
}

function toText(fault: Fault, reply: FastifyReply, answer: unknown): string {
  if (fault.body === 'html') {
    reply.code(fault.status ?? 200).type('text/html; charset=utf-8');
    return HTML;
  }
  const isKept = keepsAnswer(fault) && typeof answer === 'string';
  if (!isKept) reply.code(fault.status ?? 500);
  const text = isKept ? answer : JSON.stringify(REFUSAL);
  if (fault.malformed) return toMalformed(fault.malformed, text);
  return fault.body === 'proto' ? toPoisoned(text) : text;
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
    // A string's length would be put right.
    return Readable.from([Buffer.from(text)]);
  }
  return text;
}

function cut(how: NonNullable<Fault['cutBody']>, text: string, reply: FastifyReply): Readable {
  reply.header('content-length', String(Buffer.byteLength(text)));
  return Readable.from(halfOnly());

  async function* halfOnly() {
    yield Buffer.from(half(text));
    if (how === 'hang') return left(reply);
    await pause(BEFORE_RESET_MS, reply);
    reset(reply);
  }
}
