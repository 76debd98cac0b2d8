import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { until } from './until.ts';

type AttributeValue = string | number | readonly string[];

/** A span as the receiver got it. */
export interface ReceivedSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the root of a trace. */
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** The ids of the spans that it is linked with. */
  readonly links: readonly string[];
  readonly isError: boolean;
  readonly service: AttributeValue | undefined;
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: number;
    readonly arrayValue?: { readonly values: readonly { readonly stringValue: string }[] };
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the wire format, of which the tests read a part
type Wire = any;

/** Starts a receiver of traces (OTLP/HTTP with JSON) on a free port. */
export async function startOtlpReceiver() {
  const spans: ReceivedSpan[] = [];
  const headers: NodeJS.Dict<string | string[]>[] = [];
  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    headers.push(request.headers);
    if (request.url === '/v1/traces') spans.push(...toSpans(await json(request)));
    response.setHeader('content-type', 'application/json').end('{}');
  }
  const server = createServer((request, response) => void receive(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    /** The headers of each export. */
    headers,
    /** Waits until this many traces have ended: the span of a request is the last of its trace. */
    async traces(count: number): Promise<ReceivedSpan[][]> {
      const roots = () => spans.filter(({ kind }) => kind === 2);
      await until(() => roots().length >= count);
      return roots().map((root) => spans.filter(({ traceId }) => traceId === root.traceId));
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const toSpans = ({ resourceSpans }: Wire): ReceivedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }: Wire) =>
    scopeSpans.flatMap((scope: Wire) =>
      scope.spans.map((span: Wire) => toSpan(span, toAttributes(resource.attributes))),
    ),
  );

const toSpan = (span: Wire, resource: ReceivedSpan['attributes']): ReceivedSpan => ({
  name: span.name,
  kind: span.kind,
  traceId: span.traceId,
  spanId: span.spanId,
  parentSpanId: span.parentSpanId ?? '',
  attributes: toAttributes(span.attributes),
  links: span.links.map((link: Wire) => link.spanId),
  isError: span.status.code === 2,
  service: resource['service.name'],
});

const toAttributes = (attributes: readonly OtlpAttribute[]): ReceivedSpan['attributes'] =>
  Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, arrayValue } }) => [
      key,
      stringValue ?? intValue ?? arrayValue?.values.map((one) => one.stringValue) ?? '',
    ]),
  );
