/**
 * The upstream services in domain terms. Resolvers call a datasource (users, orders, …); it
 * validates the ids and cursors of the client, records cache tags, and calls an operation of its
 * upstream (see upstream/upstream.ts). A decoder converts each response to the models of models.ts.
 *
 * The operations are declared once per process; the datasources, with their memos, exist once per
 * request. Wire types and wire names never leave this folder, and no value from a response does before
 * a decoder has validated it. Datasources do not check rights: the rules of the BFFs do.
 */

import type { UpstreamConfig } from '../config/index.ts';
import type { Log } from '../telemetry/log.ts';
import type { UpstreamMetrics } from '../telemetry/metrics/index.ts';
import type { CallContext } from '../upstream/call-context.ts';
import { EventLoopUtilization } from '../upstream/event-loop-utilization.ts';
import { createUpstream, type Forward } from '../upstream/upstream.ts';
import type { Datasources, UpstreamTable } from './upstreams.ts';

export type { ForwardedRequest } from '../upstream/forward.ts';
export { LoadHistory, RequestLoads } from '../upstream/request-loads.ts';
export type { StreamedResponse } from '../upstream/stream-client.ts';
export { fillTag } from './tag.ts';
export type { CallContext, Datasources };

export type Upstreams = ReturnType<typeof createUpstreams>;

/** Creates the clients of all upstreams in the table, once per process. */
export function createUpstreams(
  table: UpstreamTable,
  { urls, credentials, tls, ...shared }: UpstreamConfig,
  log: Log,
  metrics: UpstreamMetrics,
) {
  const options = {
    ...shared,
    utilization: new EventLoopUtilization().current,
    writes: { seen: 0 },
    log,
    metrics,
  };
  const clients = Object.entries(table).map(([name, definition]) => {
    const { datasource, createSource, grpcService } = definition;
    const upstream = createUpstream({
      ...options,
      name,
      urls: urls[name] ?? [],
      credentials: credentials[name],
      tls: tls[name],
      grpcService,
    });
    return { name, upstream, datasource, sourceFor: createSource(upstream) };
  });

  return {
    /**
     * Creates the datasources of one request, by their names. The type is that of the product's list:
     * only resolvers and rules use datasources, and those of another table declare their own type.
     */
    datasourcesFor(call: CallContext): Datasources {
      const datasources: Record<string, unknown> = {};
      for (const { datasource, sourceFor } of clients) datasources[datasource] = sourceFor(call);
      return datasources as Datasources;
    },
    /**
     * Declares a route whose requests are forwarded to an upstream as they are.
     * @throws Error if the BFF has no upstream of this name, or calls it over gRPC
     */
    forward(name: string, route: string): Forward {
      const client = clients.find((client) => client.name === name);
      if (!client) throw new Error(`Route ${route}: there is no upstream "${name}"`);
      if (urls[name]?.some(({ protocol }) => protocol.includes('grpc'))) {
        throw new Error(`Route ${route}: nothing can be forwarded to "${name}" over gRPC`);
      }
      return client.upstream.forward(route);
    },
    /**
     * Records a write that did not pass through these clients. Requests that start later do not join
     * calls that were sent before it.
     */
    recordWrite() {
      options.writes.seen++;
    },
    close() {
      for (const { upstream } of clients) upstream.close();
    },
  };
}
