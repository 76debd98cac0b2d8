import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTracing } from '../../src/telemetry/tracing/index.ts';
import { startEnvironment } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { type ReceivedSpan, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { shareOneCall } from '../support/pipelined.ts';
import { until } from '../support/until.ts';

const CLIENT_TRACE = '0af7651916cd43dd8448eb211c80319c';
const CLIENT_SPAN = 'b7ad6b7169203331';

async function startTraced(env: NodeJS.ProcessEnv = {}) {
  await using started = new AsyncDisposableStack();
  const receiver = started.use(await startOtlpReceiver());
  const environment = started.use(
    await startEnvironment(library, {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      OTEL_TRACES_SAMPLER: 'always_on',
      ...env,
    }),
  );
  const resources = started.move();
  return { environment, receiver, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** The names of the spans from the root to this one. */
function pathOf(span: ReceivedSpan, trace: readonly ReceivedSpan[]): string[] {
  const parent = trace.find(({ spanId }) => spanId === span.parentSpanId);
  return [...(parent ? pathOf(parent, trace) : []), span.name];
}

const pathsOf = (trace: readonly ReceivedSpan[]): string[] =>
  trace.map((span) => pathOf(span, trace).join(' > ')).sort();

describe('The trace of a request', () => {
  it('has a span for each phase, for each batch and for each upstream call', async () => {
    await using traced = await startTraced();
    await traced.environment.send('query Card { member(id: "42") { name } notices { title } }');

    const [trace = []] = await traced.receiver.traces(1);
    assert.deepEqual(pathsOf(trace), [
      'POST /graphql',
      'POST /graphql > admit',
      'POST /graphql > authenticate',
      'POST /graphql > authorize-operation',
      'POST /graphql > charge',
      'POST /graphql > check-rate-limit',
      'POST /graphql > look-up',
      'POST /graphql > prepare',
      'POST /graphql > query',
      'POST /graphql > query > lending.notices',
      'POST /graphql > query > lending.notices > GET',
      'POST /graphql > query > member.membersByIds',
      'POST /graphql > query > member.membersByIds > GET',
      'POST /graphql > resolve-operation',
    ]);
  });

  it('has no spans of phases if the response was stored', async () => {
    await using traced = await startTraced({ CACHE_MEMORY_MB: '16' });
    const query = '{ notices { title } }';
    await traced.environment.send(query);
    const { headers } = await traced.environment.send(query);
    assert.match(headers.get('cache-status') ?? '', /hit/);

    const [, trace = []] = await traced.receiver.traces(2);
    assert.deepEqual(pathsOf(trace), ['POST /graphql']);
    assert.equal(trace[0]?.attributes['frontdesk.cache'], 'hit');
  });

  it('uses the attributes of the semantic conventions, and has no text of the document', async () => {
    await using traced = await startTraced();
    await traced.environment.send('query Card { member(id: "42") { name } }');

    const [trace = []] = await traced.receiver.traces(1);
    const named = (name: string) => trace.find((span) => span.name === name);
    const root = named('POST /graphql');
    assert.equal(root?.service, 'frontdesk-library');
    assert.equal(root?.attributes['http.request.method'], 'POST');
    assert.equal(root?.attributes['http.route'], '/graphql');
    assert.equal(root?.attributes['http.response.status_code'], 200);
    const operation = named('query');
    assert.equal(operation?.attributes['graphql.operation.type'], 'query');
    assert.equal(operation?.attributes['graphql.operation.name'], 'Card');
    const call = named('GET');
    assert.equal(call?.kind, 3);
    assert.equal(call?.attributes['server.address'], '127.0.0.1');
    assert.equal(call?.attributes['http.response.status_code'], 200);
    assert.equal(call?.attributes['frontdesk.upstream.operation'], 'membersByIds');
    assert.equal(call?.attributes['frontdesk.upstream.keys'], 1);
    assert.doesNotMatch(JSON.stringify(traced.receiver.spans), /member\(|"42"/);
  });

  it('continues the trace of the client, and is continued by the upstream', async () => {
    await using traced = await startTraced();
    const { environment, receiver } = traced;
    const traceparent = `00-${CLIENT_TRACE}-${CLIENT_SPAN}-01`;
    await environment.send('{ member(id: "42") { name } }', { headers: { traceparent } });

    const [trace = []] = await receiver.traces(1);
    const root = trace.find(({ kind }) => kind === 2);
    const call = trace.find(({ name }) => name === 'GET');
    assert.equal(root?.traceId, CLIENT_TRACE);
    assert.equal(root?.parentSpanId, CLIENT_SPAN);
    const [upstreamRequest] = environment.calls();
    assert.equal(upstreamRequest?.headers.traceparent, `00-${CLIENT_TRACE}-${call?.spanId}-01`);
  });

  it('is linked with the one call that several requests share', async () => {
    await using traced = await startTraced();
    const { environment, receiver } = traced;
    await environment.send('{ __typename }');
    const { rounds } = await shareOneCall(environment);

    await receiver.traces(1 + 2 * rounds);
    const calls = receiver.spans.filter(({ name }) => name === 'GET');
    const batches = receiver.spans.filter(({ name }) => name === 'member.membersByIds');
    assert.deepEqual([calls.length, batches.length], [2 * rounds - 1, 2 * rounds]);
    const shared = calls.filter(
      ({ attributes }) => attributes['frontdesk.upstream.requests'] === 2,
    );
    assert.equal(shared.length, 1);
    const [call] = shared;
    const parent = batches.find(({ spanId }) => spanId === call?.parentSpanId);
    const other = batches.find(({ links }) => links.includes(call?.spanId ?? ''));
    assert.ok(parent && other && parent.traceId !== other.traceId);
    assert.deepEqual(call?.links, [other.spanId]);
    assert.deepEqual(other.links, [call?.spanId]);
    assert.equal(call?.attributes['frontdesk.upstream.keys'], 2);
  });

  it('is linked with a call that it joins while the call is in flight', async () => {
    await using traced = await startTraced({ UPSTREAM_ATTEMPT_TIMEOUT_MS: '2500' });
    const { environment, receiver } = traced;
    const query = '{ home { notices { title } } }';
    environment.services.lending.control.faults({ notices: { delayMs: 1_000 } });
    const first = environment.send(query, { as: CAST.reader });
    await until(() => environment.calls().length > 0);
    await Promise.all([first, environment.send(query, { as: CAST.otherReader })]);

    await receiver.traces(2);
    const [call, ...otherCalls] = receiver.spans.filter(({ name }) => name === 'GET');
    assert.deepEqual(otherCalls, []);
    const reads = receiver.spans.filter(({ name }) => name === 'lending.notices');
    const joined = reads.find(({ spanId }) => spanId !== call?.parentSpanId);
    assert.equal(reads.length, 2);
    assert.deepEqual(joined?.links, [call?.spanId]);
    assert.deepEqual(call?.links, [joined?.spanId]);
  });

  it('marks a failed call with its status, and the request with the codes of its errors', async () => {
    await using traced = await startTraced();
    const { environment, receiver } = traced;
    environment.services.member.control.faults({ '*': { status: 503 } });
    await environment.send('{ member(id: "42") { name } }');

    const [trace = []] = await receiver.traces(1);
    const calls = trace.filter(({ name }) => name === 'GET');
    for (const { isError, attributes } of calls) {
      assert.ok(isError);
      assert.equal(attributes['error.type'], '503');
      assert.equal(attributes['http.response.status_code'], 503);
    }
    const resends = calls.map(({ attributes }) => attributes['http.request.resend_count']);
    assert.deepEqual(resends, [undefined, 1]);
    const batch = trace.find(({ name }) => name === 'member.membersByIds');
    assert.equal(batch?.attributes['error.type'], 'UPSTREAM_UNAVAILABLE');
    const root = trace.find(({ kind }) => kind === 2);
    assert.deepEqual(root?.attributes['frontdesk.error_codes'], ['UPSTREAM_UNAVAILABLE']);
  });

  it('is sent with the headers that the receiver needs', async () => {
    await using traced = await startTraced({
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=two%20words,x-tenant=shop',
    });
    await traced.environment.send('{ __typename }');
    await traced.receiver.traces(1);
    const [headers] = traced.receiver.headers;
    assert.equal(headers?.['x-api-key'], 'two words');
    assert.equal(headers?.['x-tenant'], 'shop');
  });
});

describe('A request that is not sampled', () => {
  it('has no spans, and its client’s trace goes on to the upstream', async () => {
    await using traced = await startTraced({ OTEL_TRACES_SAMPLER: 'parentbased_always_on' });
    const { environment, receiver } = traced;
    const traceparent = `00-${CLIENT_TRACE}-${CLIENT_SPAN}-00`;
    await environment.send('{ member(id: "42") { name } }', { headers: { traceparent } });
    assert.equal(environment.calls()[0]?.headers.traceparent, traceparent);

    await environment.send('{ notices { title } }');
    const traces = await receiver.traces(1);
    assert.equal(traces.length, 1);
    assert.ok(receiver.spans.every(({ traceId }) => traceId !== CLIENT_TRACE));
  });
});

describe('A client that asks for a trace', () => {
  it('does not get one, and the services learn that, unless the sampler is parent-based', async () => {
    await using traced = await startTraced({ OTEL_TRACES_SAMPLER: 'always_off' });
    const traceparent = `00-${CLIENT_TRACE}-${CLIENT_SPAN}-01`;
    await traced.environment.send('{ member(id: "42") { name } }', { headers: { traceparent } });
    const [call] = traced.environment.calls();
    assert.equal(call?.headers.traceparent, `00-${CLIENT_TRACE}-${CLIENT_SPAN}-00`);
  });
});

describe('The exporter', () => {
  it('drops spans while the receiver is down, without an effect on requests', async () => {
    const warnings: string[] = [];
    const receiver = await startOtlpReceiver();
    await receiver[Symbol.asyncDispose]();
    await using environment = await startEnvironment(library, {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      OTEL_TRACES_SAMPLER: 'always_on',
      LOG_LEVEL: 'warn',
    });
    const { log } = environment;
    log.warn = (...args: unknown[]) => void warnings.push(String(args[1]));
    const { status, body } = await environment.send('{ member(id: "42") { name } }');
    assert.equal(status, 200);
    assert.equal(body.errors, undefined);
    await until(() => warnings.includes('trace export failed'));
    const metrics = await (await fetch(`${environment.adminUrl}/metrics`)).text();
    assert.match(metrics, /^frontdesk_lost_spans_total [1-9]/m);
  });

  it('counts the spans that end while its queue is full, and logs once that it is', async () => {
    await using receiver = await startOtlpReceiver();
    const messages: unknown[] = [];
    let lost = 0;
    const tracing = await createTracing(
      {
        endpoint: new URL(receiver.endpoint),
        headers: {},
        serviceName: 'test',
        resource: {},
        sampler: { name: 'always_on', ratio: 1 },
      },
      {
        log: { warn: (_fields: unknown, message: string) => messages.push(message) } as never,
        countLost: (spans) => {
          lost += spans;
        },
      },
    );
    const noClient = { traceparent: undefined, tracestate: undefined };
    // In one turn of the event loop, so that no export ends before the last span.
    for (let n = 0; n < 3_000; n++) tracing.start({ name: 'span' }, noClient).end();
    // One batch of 512 is being exported, and 2,048 spans wait.
    assert.equal(lost, 3_000 - 512 - 2_048);
    await tracing.close();
    assert.equal(receiver.spans.length, 3_000 - lost);
    assert.deepEqual(messages, ['trace queue full']);
  });
});
