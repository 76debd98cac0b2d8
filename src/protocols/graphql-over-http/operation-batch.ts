import type { FastifyReply } from 'fastify';
import { BffError } from '../../errors.ts';
import type { PreparedOperation } from '../../operations/index.ts';
import { enforceLimit, type OperationLimits } from '../../operations/limits/index.ts';
import type { Engine } from '../../pipeline/execute/executor.ts';
import type { GraphqlRequest } from './parse-request.ts';
import { sendUncached } from './send-response.ts';

/** One of several operations of a request. */
export interface Member {
  readonly asked: GraphqlRequest;
  readonly prepared: PreparedOperation;
}

/**
 * Refuses arrays of operations that are too long: an array is as good as aliases for asking many
 * times at once, so it is held to the limits of one operation together.
 * @param most - none are taken if it is 0
 * @throws BffError BAD_REQUEST, QUERY_TOO_COMPLEX
 */
export function refuseLongBatch({ length: actual }: readonly unknown[], most: number): void {
  if (most === 0) {
    throw new BffError(
      'BAD_REQUEST',
      'Send one operation per request; arrays of operations are not accepted.',
    );
  }
  if (actual === 0) throw new BffError('BAD_REQUEST', 'The array of operations is empty.');
  if (actual <= most) return;
  throw new BffError('QUERY_TOO_COMPLEX', `The array has ${actual} operations: at most ${most}.`, {
    details: { exceeded: 'batch', limit: most, actual },
  });
}

/** @returns what all of them cost together */
export function costOf(members: readonly Member[], limits: OperationLimits): number {
  const cost = members.reduce((sum, { prepared }) => sum + prepared.cost, 0);
  enforceLimit(limits, 'cost', cost);
  return cost;
}

/** Executes them at once, or one after the other if any changes something; none is kept anywhere. */
export async function answerBatch(
  reply: FastifyReply,
  members: readonly Member[],
  ask: (member: Member) => ReturnType<Engine['execute']>,
) {
  const changes = members.some(({ prepared }) => prepared.definition.operation !== 'query');
  const answers = changes ? await inTurn(members, ask) : await Promise.all(members.map(ask));
  const [{ headers }] = answers as [Awaited<ReturnType<Engine['execute']>>];
  const body = `[${answers.map((answer) => answer.body.trimEnd()).join(',')}]`;
  return sendUncached(reply, { status: 200, headers, body }, 'bypass');
}

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
