import { toSharedViewer } from '../auth/shared-viewer.ts';
import type { Recording } from '../cache/index.ts';
import type { Recorder, RequestContext } from '../context.ts';
import type { Lifetime, Upstreams } from '../datasources/index.ts';
import type { Caller } from './caller.ts';

interface ContextOptions {
  readonly upstreams: Upstreams;
  readonly changed: Recorder['changed'];
  /** Whether it is an error to look at the viewer for an answer that others get as well. */
  readonly isStrict: boolean;
}

/** Makes what one execution carries to its rules and resolvers. */
export function createContextFactory({ upstreams, changed, isStrict }: ContextOptions) {
  function viewerFor({ viewer }: Caller, recording: Recording | undefined) {
    if (!recording || recording.scope === 'user') return viewer;
    const shares = recording.scope === 'public' ? 'nothing' : 'permissions';
    return toSharedViewer(viewer, shares, (property) => {
      recording.spoil();
      if (isStrict) throw new Error(`the viewer's ${property} was read for a shared answer`);
    });
  }

  /**
   * @param recording - of an execution whose answer may be kept or shared
   * @param lifetime - how long the answer is waited for
   */
  return (caller: Caller, recording?: Recording, lifetime: Lifetime = caller.lifetime) => {
    const { requestId } = caller;
    const viewer = viewerFor(caller, recording);
    const recorder: Recorder = recording
      ? { touched: recording.touched, narrowed: recording.narrowed, changed }
      : { changed };
    const context: RequestContext = {
      requestId,
      viewer,
      datasources: upstreams.datasourcesFor({ ...caller, viewer, lifetime, recorder }),
      failed: (codes) => recording?.failed(codes),
    };
    return context;
  };
}

export type ContextFactory = ReturnType<typeof createContextFactory>;
