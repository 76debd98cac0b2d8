/**
 * One operation, from request to response, whatever protocol it came by.
 *
 * A protocol parses its input into an OperationRequest, calls `run`, and serialises the
 * OperationResponse. `pipeline.ts` reads in the order in which the phases run; each phase is a
 * function in the file of its name. Execution is at the end (execute/), and only there is Apollo
 * Server called.
 *
 * It must never import Fastify or a protocol, execute an operation that was not charged, or wait
 * for anything before it returns a response that is in memory.
 */

export type { Access } from './authorize-request.ts';
export { createApollo } from './execute/apollo.ts';
export { createExecutor } from './execute/executor.ts';
export { maskMessage } from './execute/format-error.ts';
export { renderLandingPage } from './execute/landing-page.ts';
export { createSubscriber } from './execute/subscriber.ts';
export { createContextFactory, requestCallContext } from './execution-context.ts';
export type {
  BatchResponse,
  ClientRequest,
  ExecutedResponse,
  OperationInput,
  OperationRequest,
  OperationResponse,
  SharedResponse,
  StreamProtocol,
  StreamResponse,
  SubscriptionRequest,
} from './operation-request.ts';
export { createPipeline, type Pipeline } from './pipeline.ts';
export type { ResultStream } from './result-stream.ts';
