import type { MaybePromise } from '../maybe-promise.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import type { SpanStart } from '../telemetry/tracing/span.ts';

interface WithRecord {
  readonly record: RequestRecord;
}

type State = WithRecord | { readonly caller: WithRecord };

/**
 * Measures a phase for requests that have timings; for all others it only calls the phase.
 * @param describe - the span of a trace, if it is not named after the phase
 */
export const timed =
  <In extends State, Out>(
    name: string,
    phase: (state: In) => MaybePromise<Out>,
    describe?: (state: In) => SpanStart,
  ) =>
  (state: In): MaybePromise<Out> => {
    const { timings } = recordOf(state);
    return timings ? timings.measure(name, () => phase(state), describe?.(state)) : phase(state);
  };

const recordOf = (state: State): RequestRecord =>
  'caller' in state ? state.caller.record : state.record;
