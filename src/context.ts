import type { Datasources } from './datasources/upstreams.ts';
import type { ServiceEvent, Topic } from './service-event.ts';
import type { Refusal } from './telemetry/refusal.ts';
import type { Viewer } from './viewer.ts';

/**
 * The context that an execution passes to rules and resolvers.
 * @typeParam D - the datasources; another product than this one has others
 */
export interface RequestContext<D = Datasources> {
  readonly requestId: string;
  readonly viewer: Viewer;
  readonly datasources: D;
  /** Opens a stream of the events about a topic, for a subscription. */
  readonly listen: (topic: Topic) => AsyncIterable<ServiceEvent>;
  /** Collects the fields that rules refuse. Undefined unless the response is explained. */
  readonly refusals?: Refusal[] | undefined;
}
