import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  type CacheLookup,
  type Execute,
  type ForwardReason,
  type ResponseCache,
  requestDirectiveOf,
} from '../../cache/index.ts';
import { RequestDeadline } from '../../deadline.ts';
import { methodNotAllowed } from '../../http/error-handler.ts';
import { logOperation } from '../../http/request-log.ts';
import type { Operation, OperationStore, Planner } from '../../operations/index.ts';
import type { OperationLimits } from '../../operations/limits/index.ts';
import type { Caller, CallerReader } from '../../pipeline/authenticate.ts';
import type { QuestionMaker } from '../../pipeline/cache-key.ts';
import { type Payment, registrationCost } from '../../pipeline/charge.ts';
import type { Engine, EngineAnswer } from '../../pipeline/execute/executor.ts';
import type { ContextFactory } from '../../pipeline/execution-context.ts';
import type { AdmissionControl } from '../../traffic/index.ts';
import { createMediaTypeChooser, PAGE_TYPE } from './content-negotiation.ts';
import { isCostWanted, withCost } from './cost-report.ts';
import { answerBatch, costOf, type Member, refuseLongBatch } from './operation-batch.ts';
import { createRequestReader, type GraphqlRequest } from './parse-request.ts';
import { type Sender, sendUncached } from './send-response.ts';

export interface RouteParts {
  readonly callerOf: CallerReader;
  readonly operations: OperationStore;
  readonly prepare: Planner;
  readonly payment: Payment;
  readonly admission: AdmissionControl;
  readonly questionOf: QuestionMaker;
  readonly edge: ResponseCache;
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

/** A page may do what it likes, but in nobody's frame. */
const PAGE_POLICY = "frame-ancestors 'none'";

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
    const { request, caller, mediaType } = way;
    return async (recording, isAttended) => {
      const deadline = isAttended ? caller.deadline : new RequestDeadline(deadlineMs);
      const operationLog = isAttended ? request.operationLog : null;
      const context = contextOf(caller, operationLog, { recording, deadline });
      const answer = engine.execute(prepared, asked, mediaType, context);
      return isAttended ? answer : answer.finally(() => deadline.release());
    };
  }

  function answerOne(operation: Operation, asked: GraphqlRequest, way: Way) {
    const { request, reply, caller } = way;
    const prepared = prepare(operation, asked);
    logOperation(request, prepared);
    if (request.method !== 'POST' && prepared.definition.operation !== 'query') {
      throw mutationOverGet();
    }
    const member = { prepared, asked };
    const isNew = operations.isRegistration(asked, operation);
    const extra = isNew ? registrationCost(operation.source) : 0;
    const paid = payment.pay(caller, prepared.cost + extra, reply);
    return after(paid, () => {
      if (isNew) operations.register(operation);
      return answerPaid(member, way);
    });
  }

  function answerPaid(member: Member, way: Way) {
    const { request, reply, caller, mediaType } = way;
    // What it costs is told with an execution.
    const question = isCostWanted(request.headers)
      ? undefined
      : questionOf(member.prepared, caller);
    const directive = requestDirectiveOf(request.headers['cache-control']);
    const fresh = question && !directive ? edge.getFresh(question.key) : undefined;
    if (question && fresh) {
      return send(request, reply, { status: 'hit', entry: fresh }, question, mediaType);
    }
    leaveWithClient(caller.deadline, reply);
    if (!question) return answerAlone(member, way, 'bypass');
    if (directive === 'no-store') return answerAlone(member, way, 'request');
    return answerShared(question, member, way, directive ? 'request' : 'uri-miss');
  }

  async function answerAlone({ prepared, asked }: Member, way: Way, reason: ForwardReason) {
    const { request, reply, caller, mediaType } = way;
    const context = contextOf(caller, request.operationLog);
    const answer = await engine.execute(prepared, asked, mediaType, context);
    const isReported = isCostWanted(request.headers);
    return sendUncached(
      reply,
      isReported ? withCost(answer, prepared.cost, limits) : answer,
      reason,
    );
  }

  async function answerShared(
    question: CacheLookup,
    member: Member,
    way: Way,
    reason: ForwardReason,
  ) {
    const { request, reply, caller, mediaType } = way;
    const execute = createExecute(member, way);
    const answer = await (reason === 'request'
      ? edge.executeAndStore(question, execute)
      : edge.getOrExecute(question, caller.deadline, execute));
    return 'entry' in answer
      ? send(request, reply, answer, question, mediaType, reason)
      : sendUncached(reply, answer.executed, reason);
  }

  async function answerMany(batch: readonly GraphqlRequest[], way: Way) {
    const { request, reply, caller, mediaType } = way;
    refuseLongBatch(batch, batchMost);
    const members = batch.map((asked): Member => {
      const prepared = prepare(operations.find(asked), asked);
      logOperation(request, prepared);
      return { asked, prepared };
    });
    const registrations = members
      .filter(({ asked, prepared }) => operations.isRegistration(asked, prepared.operation))
      .map(({ prepared }) => prepared.operation);
    const extra = registrations.reduce((sum, { source }) => sum + registrationCost(source), 0);
    await payment.pay(caller, costOf(members, limits) + extra, reply);
    for (const operation of registrations) operations.register(operation);
    leaveWithClient(caller.deadline, reply);
    return answerBatch(reply, members, ({ asked, prepared }) =>
      engine.execute(prepared, asked, mediaType, contextOf(caller, request.operationLog)),
    );
  }

  const isTrusted = (asked: GraphqlRequest | readonly GraphqlRequest[]) =>
    isSeveral(asked) ? asked.every(operations.isTrusted) : operations.isTrusted(asked);

  function answer(way: Way) {
    payment.refuseExhausted(way.caller);
    const asked = readRequest(way.request);
    return after(
      admission.turn(() => isTrusted(asked)),
      () => {
        if (isSeveral(asked)) return answerMany(asked, way);
        return answerOne(operations.find(asked), asked, way);
      },
    );
  }

  async function showPage(request: FastifyRequest, reply: FastifyReply) {
    reply.header('content-security-policy', PAGE_POLICY);
    return sendUncached(reply, await engine.page(request), 'bypass');
  }

  // What is stored leaves in the very turn in which it was asked for: no promise is made on its way.
  return (request: FastifyRequest, reply: FastifyReply) => {
    const mediaType = mediaTypeFor(request.headers.accept, request.method !== 'POST');
    if (mediaType === PAGE_TYPE) return showPage(request, reply);
    return after(callerOf(request), (caller) => answer({ request, reply, caller, mediaType }));
  };
}

/** At once, if there is nothing to wait for. */
const after = <T, Next>(
  value: T | Promise<T>,
  goOn: (value: T) => Next | Promise<Next>,
): Next | Promise<Next> => (value instanceof Promise ? value.then(goOn) : goOn(value));

const isSeveral = (
  asked: GraphqlRequest | readonly GraphqlRequest[],
): asked is readonly GraphqlRequest[] => Array.isArray(asked);

const mutationOverGet = () =>
  methodNotAllowed('GET requests only support query operations, not mutations.', 'POST');

function leaveWithClient(deadline: RequestDeadline, { raw }: FastifyReply): void {
  if (raw.closed) deadline.release();
  else raw.once('close', () => deadline.release());
}
