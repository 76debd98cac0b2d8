import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EdgeCache, Execute } from '../cache/index.ts';
import { Lifetime } from '../datasources/index.ts';
import type { OperationStore } from '../operations/index.ts';
import type { Caller, CallerReader } from './caller.ts';
import type { ContextFactory } from './context-factory.ts';
import type { Engine, EngineAnswer } from './engine.ts';
import { createRequestReader } from './graphql-request.ts';
import { createMediaTypeChooser } from './media-type.ts';
import type { QuestionMaker } from './question.ts';
import { type Sender, sendAlone } from './send.ts';

interface RouteParts {
  readonly callerOf: CallerReader;
  readonly operations: OperationStore;
  readonly questionOf: QuestionMaker;
  readonly edge: EdgeCache;
  readonly contextOf: ContextFactory;
  readonly engine: Engine;
  readonly send: Sender;
  /** How long an answer may take that nobody waits for, in milliseconds. */
  readonly deadlineMs: number;
}

/**
 * The way of a request: who asks, which operation, what is remembered of it; and if nothing is, the
 * execution. What has no question of its own goes straight to Apollo Server, and is kept nowhere.
 */
export function createGraphqlHandler(parts: RouteParts) {
  const { callerOf, operations, questionOf, edge, contextOf, engine, send, deadlineMs } = parts;
  const mediaTypeFor = createMediaTypeChooser();
  const readRequest = createRequestReader();

  function createExecute(request: FastifyRequest, caller: Caller): Execute<EngineAnswer> {
    return async (recording, isAttended) => {
      if (isAttended) return engine(request, contextOf(caller, recording));
      const lifetime = new Lifetime(deadlineMs);
      const context = contextOf(caller, recording, lifetime);
      return engine(request, context).finally(() => lifetime.leave());
    };
  }

  return async (request: FastifyRequest, reply: FastifyReply) => {
    const called = callerOf(request);
    const caller = 'then' in called ? await called : called;
    const mediaType = mediaTypeFor(request.headers.accept);
    const asked = mediaType && readRequest(request);
    const found = asked && operations.find(asked);
    const operation = found && 'then' in found ? await found : found;
    const question = asked && operation && questionOf(operation, asked, caller);
    const fresh = question && edge.fresh(question.key);
    if (fresh) return send(request, reply, { outcome: 'hit', entry: fresh }, question, mediaType);

    leaveWithClient(caller.lifetime, reply);
    if (!question) {
      const answer = await engine(request, contextOf(caller));
      return sendAlone(request, reply, answer, 'bypass');
    }
    const answer = await edge.answer(question, caller.lifetime, createExecute(request, caller));
    return 'entry' in answer
      ? send(request, reply, answer, question, mediaType)
      : sendAlone(request, reply, answer.executed, 'uri-miss');
  };
}

function leaveWithClient(lifetime: Lifetime, { raw }: FastifyReply): void {
  if (raw.closed) lifetime.leave();
  else raw.once('close', () => lifetime.leave());
}
