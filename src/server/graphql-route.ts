import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EdgeCache, Execute } from '../cache/index.ts';
import { Lifetime } from '../datasources/index.ts';
import type { Admission, OperationLimits } from '../limits/index.ts';
import type { OperationStore, Planner } from '../operations/index.ts';
import { answerBatch, costOf, type Member, refuseLongBatch } from './batch.ts';
import type { Caller, CallerReader } from './caller.ts';
import type { ContextFactory } from './context-factory.ts';
import { isCostWanted, withCost } from './cost-report.ts';
import type { Engine, EngineAnswer } from './engine.ts';
import { methodNotAllowed } from './error-handler.ts';
import { createRequestReader, type GraphqlRequest } from './graphql-request.ts';
import { createMediaTypeChooser, PAGE_TYPE } from './media-type.ts';
import type { Payment } from './payment.ts';
import type { QuestionMaker } from './question.ts';
import { type Sender, sendAlone } from './send.ts';

export interface RouteParts {
  readonly callerOf: CallerReader;
  readonly operations: OperationStore;
  readonly prepare: Planner;
  readonly payment: Payment;
  readonly admission: Admission;
  readonly questionOf: QuestionMaker;
  readonly edge: EdgeCache;
  readonly contextOf: ContextFactory;
  readonly engine: Engine;
  readonly send: Sender;
  readonly limits: OperationLimits;
  readonly batchMost: number;
  /** Whether those who come with a browser get a page. */
  readonly hasPage: boolean;
  /** How long an answer may take that nobody waits for, in milliseconds. */
  readonly deadlineMs: number;
}

/** A request on its way. */
interface Way {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly caller: Caller;
  /** Of the answer. */
  readonly mediaType: string;
}

/**
 * The way of a request: who asks, which operation, what it costs, what is remembered of it; and if
 * nothing is, the execution.
 */
export function createGraphqlHandler(parts: RouteParts) {
  const { callerOf, operations, prepare, payment, admission, questionOf, edge, contextOf } = parts;
  const { engine, send, limits, batchMost, deadlineMs } = parts;
  const mediaTypeFor = createMediaTypeChooser(parts.hasPage);
  const readRequest = createRequestReader();

  function createExecute({ asked, prepared }: Member, way: Way): Execute<EngineAnswer> {
    const { caller, mediaType } = way;
    return async (recording, isAttended) => {
      const lifetime = isAttended ? caller.lifetime : new Lifetime(deadlineMs);
      const context = contextOf(caller, recording, lifetime);
      const answer = engine.execute(prepared, asked, mediaType, context);
      return isAttended ? answer : answer.finally(() => lifetime.leave());
    };
  }

  async function answerOne(member: Member, way: Way) {
    const { request, reply, caller, mediaType } = way;
    const { prepared, asked } = member;
    const paid = payment.pay(caller, prepared.cost, reply);
    if (paid) await paid;

    const isReported = isCostWanted(request.headers);
    const question = isReported ? undefined : questionOf(prepared, caller);
    const fresh = question && edge.fresh(question.key);
    if (fresh) return send(request, reply, { outcome: 'hit', entry: fresh }, question, mediaType);

    leaveWithClient(caller.lifetime, reply);
    if (!question) {
      const answer = await engine.execute(prepared, asked, mediaType, contextOf(caller));
      const reported = isReported ? withCost(answer, prepared.cost, limits) : answer;
      return sendAlone(reply, reported, 'bypass');
    }
    const answer = await edge.answer(question, caller.lifetime, createExecute(member, way));
    return 'entry' in answer
      ? send(request, reply, answer, question, mediaType)
      : sendAlone(reply, answer.executed, 'uri-miss');
  }

  async function answerMany(batch: readonly GraphqlRequest[], way: Way) {
    const { reply, caller, mediaType } = way;
    refuseLongBatch(batch, batchMost);
    const members: Member[] = [];
    for (const asked of batch) {
      members.push({ asked, prepared: prepare(await operations.find(asked), asked) });
    }
    await payment.pay(caller, costOf(members, limits), reply);
    leaveWithClient(caller.lifetime, reply);
    return answerBatch(reply, members, ({ asked, prepared }) =>
      engine.execute(prepared, asked, mediaType, contextOf(caller)),
    );
  }

  const isTrusted = (asked: GraphqlRequest | readonly GraphqlRequest[]) =>
    isSeveral(asked) ? asked.every(operations.isTrusted) : operations.isTrusted(asked);

  return async (request: FastifyRequest, reply: FastifyReply) => {
    const isRead = request.method !== 'POST';
    const mediaType = mediaTypeFor(request.headers.accept, isRead);
    if (mediaType === PAGE_TYPE) {
      reply.removeHeader('content-security-policy');
      return sendAlone(reply, await engine.page(request), 'bypass');
    }
    const called = callerOf(request);
    const caller = 'then' in called ? await called : called;
    payment.refuseExhausted(caller);
    const way = { request, reply, caller, mediaType };
    const asked = readRequest(request);
    const turn = admission.turn(() => isTrusted(asked));
    if (turn) await turn;
    if (isSeveral(asked)) return answerMany(asked, way);

    const found = operations.find(asked);
    const prepared = prepare('then' in found ? await found : found, asked);
    if (isRead && prepared.definition.operation !== 'query') throw mutationOverGet();
    return answerOne({ asked, prepared }, way);
  };
}

const isSeveral = (
  asked: GraphqlRequest | readonly GraphqlRequest[],
): asked is readonly GraphqlRequest[] => Array.isArray(asked);

const mutationOverGet = () =>
  methodNotAllowed('GET requests only support query operations, not mutations.', 'POST');

function leaveWithClient(lifetime: Lifetime, { raw }: FastifyReply): void {
  if (raw.closed) lifetime.leave();
  else raw.once('close', () => lifetime.leave());
}
