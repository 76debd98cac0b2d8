import { toSharedViewer } from '../auth/shared-viewer.ts';
import type { ExecutionRecorder } from '../cache/index.ts';
import type { RequestContext } from '../context.ts';
import type { Upstreams } from '../datasources/index.ts';
import type { RequestDeadline } from '../deadline.ts';
import type { Recorder } from '../recorder.ts';
import { logFailedParts, type OperationLog } from '../telemetry/operation-log.ts';
import type { Caller } from './authenticate.ts';

interface ContextOptions {
  readonly upstreams: Upstreams;
  readonly changed: Recorder['changed'];
  /** Whether it is an error to look at the viewer for an answer that others get as well. */
  readonly isStrict: boolean;
}

/** An execution whose answer may be kept or shared. */
interface SharedExecution {
  readonly recording: ExecutionRecorder;
  /** How long the answer is waited for. */
  readonly deadline: RequestDeadline;
}

/** Makes what one execution carries to its rules and resolvers. */
export function createContextFactory({ upstreams, changed, isStrict }: ContextOptions) {
  function viewerFor({ viewer }: Caller, recording: ExecutionRecorder | undefined) {
    if (!recording || recording.scope === 'user') return viewer;
    const shares = recording.scope === 'public' ? 'nothing' : 'permissions';
    return toSharedViewer(viewer, shares, (property) => {
      recording.markUnshareable();
      if (isStrict) throw new Error(`the viewer's ${property} was read for a shared answer`);
    });
  }

  return (caller: Caller, operationLog: OperationLog | null, shared?: SharedExecution) => {
    const { requestId } = caller;
    const { recording, deadline = caller.deadline } = shared ?? {};
    const viewer = viewerFor(caller, recording);
    const recorder: Recorder = recording
      ? { addTags: recording.addTags, limitFreshness: recording.limitFreshness, changed }
      : { changed };
    const context: RequestContext = {
      requestId,
      viewer,
      datasources: upstreams.datasourcesFor({ ...caller, viewer, deadline, recorder }),
      failed(codes) {
        recording?.recordErrors(codes);
        logFailedParts(operationLog, codes);
      },
    };
    logFailedParts(operationLog, []);
    return context;
  };
}

export type ContextFactory = ReturnType<typeof createContextFactory>;
