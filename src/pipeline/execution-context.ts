import type { OperationDefinitionNode } from 'graphql';
import { toSharedViewer } from '../auth/shared-viewer.ts';
import { tokenOf } from '../auth/viewer-token.ts';
import type { ExecutionRecorder } from '../cache/index.ts';
import type { RequestContext } from '../context.ts';
import {
  type CallContext,
  LoadHistory,
  RequestLoads,
  type Upstreams,
} from '../datasources/index.ts';
import type { RequestDeadline } from '../deadline.ts';
import type { PreparedOperation } from '../operations/index.ts';
import type { Recorder } from '../recorder.ts';
import { explanationFor } from '../telemetry/request-record.ts';
import type { Viewer } from '../viewer.ts';
import type { Caller } from './authenticate.ts';

interface ContextOptions {
  readonly upstreams: Pick<Upstreams, 'datasourcesFor'>;
  readonly changed: Recorder['changed'];
  readonly listen: RequestContext['listen'];
  /** Makes it an error to read the viewer while executing a shareable response. */
  readonly strictScopes: boolean;
}

/** An execution whose response may be stored or shared. */
interface SharedExecution {
  readonly recorder: ExecutionRecorder;
  /** Replaces the deadline of the request. */
  readonly deadline: RequestDeadline;
  /** True for a refresh that no request waits for. */
  readonly isBackground: boolean;
}

/** Creates the contexts that executions pass to rules and resolvers. */
export function createContextFactory({ upstreams, changed, listen, strictScopes }: ContextOptions) {
  function viewerFor({ viewer }: Caller, recorder: ExecutionRecorder | undefined) {
    if (!recorder || recorder.scope === 'user') return viewer;
    const shares = recorder.scope === 'public' ? 'nothing' : 'permissions';
    return toSharedViewer(viewer, shares, (property) => {
      recorder.markUnshareable();
      if (strictScopes) throw new Error(`the viewer's ${property} was read for a shared response`);
    });
  }

  /** By the definition of the operation. */
  const histories = new WeakMap<OperationDefinitionNode, LoadHistory>();

  function loadsOf({ definition }: Pick<PreparedOperation, 'definition'>): RequestLoads {
    let history = histories.get(definition);
    if (!history) {
      history = new LoadHistory();
      histories.set(definition, history);
    }
    return new RequestLoads(history);
  }

  return (
    caller: Caller,
    prepared: PreparedOperation,
    shared?: SharedExecution,
  ): RequestContext => {
    const { recorder, deadline = caller.deadline, isBackground = false } = shared ?? {};
    const { requestId, record } = caller;
    const viewer = viewerFor(caller, recorder);
    const reports: Recorder = recorder
      ? { addTags: recorder.addTags, limitFreshness: recorder.limitFreshness, changed }
      : { changed };
    const call = callContextOf(caller, viewer, deadline, reports);
    const explanation = isBackground ? undefined : explanationFor(record);
    const observed = isBackground
      ? {}
      : { calls: record.calls, span: record.timings?.span, accesses: explanation?.accesses };
    const loads = loadsOf(prepared);
    const datasources = upstreams.datasourcesFor({ ...call, loads, ...observed });
    return { requestId, viewer, datasources, listen, refusals: explanation?.refusals };
  };
}

/** @param viewer - that of the caller, or of a shared execution */
const callContextOf = (
  { requestId, locale, traceparent, tracestate }: Caller,
  viewer: Viewer,
  deadline: RequestDeadline,
  recorder: Recorder,
): CallContext => ({
  requestId,
  viewer,
  // Undefined for the viewer of a shared execution: nothing that other viewers may get is read with
  // the token of one of them.
  viewerToken: tokenOf(viewer),
  deadline,
  locale,
  traceparent,
  tracestate,
  recorder,
});

/** The context of the upstream calls of a request that executes no operation. */
export function requestCallContext(caller: Caller, changed: Recorder['changed']): CallContext {
  const { viewer, deadline, record } = caller;
  const call = callContextOf(caller, viewer, deadline, { changed });
  return { ...call, calls: record.calls, span: record.timings?.span };
}

export type CreateExecutionContext = ReturnType<typeof createContextFactory>;
