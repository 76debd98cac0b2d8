import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import { createNotificationService } from '../../services/notification/service.ts';
import { CAST } from '../../services/support/cast.ts';
import { startEnvironment } from '../support/environment.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';

const LOCAL = { host: '127.0.0.1', port: 0 };
const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const MARK = 'mutation { markNotificationsRead(ids: ["none"]) { unreadCount } }';
const UNREAD = '{ viewer { unreadCount } }';

describe('An upstream over gRPC', () => {
  it('gets the metadata that it gets as headers over HTTP, and the deadline', async () => {
    await using environment = await startEnvironment(
      web,
      {
        UPSTREAM_TOKEN: 'own-token',
        VIEWER_SIGNING_KEY: 'a key of the tests that has 32 bytes or more',
      },
      ['notification'],
    );
    const headers = {
      'accept-language': 'pt-BR',
      cookie: 'session=secret',
      traceparent: TRACE,
      'x-request-id': 'from-the-client',
      'x-secret': 'secret',
    };
    await environment.send(MARK, { as: CAST.customer, headers });
    const received = environment.calls().find(({ operation }) => operation === 'markRead')?.headers;
    const { 'grpc-timeout': timeout, 'x-viewer': viewer, ...others } = received ?? {};
    assert.match(String(timeout), /^\d+m$/);
    assert.match(String(viewer), /^ey[\w-]+\.[\w-]+\.[\w-]+$/);
    const metadata = Object.entries(others).filter(([name]) => !name.startsWith(':'));
    assert.deepEqual(Object.fromEntries(metadata), {
      'content-type': 'application/grpc+proto',
      'user-agent': 'frontdesk',
      'x-request-id': 'from-the-client',
      authorization: 'Bearer own-token',
      'accept-language': 'pt-br',
      traceparent: TRACE,
      te: 'trailers',
    });
  });

  it('is balanced over several instances, of which failing ones are left out', async () => {
    await using first = await createNotificationService();
    await using second = await createNotificationService();
    const urls = await Promise.all([first.listen(LOCAL), second.listen(LOCAL)]);
    const addresses = urls.map((url) => url.replace('http:', 'grpc:')).join();
    await using environment = await startEnvironment(web, { NOTIFICATION_SERVICE_URL: addresses });
    const counts = () => [first, second].map(({ control }) => control.requests().total);
    const send = async (times: number) => {
      for (let n = 0; n < times; n++) {
        const { body } = await environment.send(UNREAD, { as: CAST.customer });
        assert.equal(body.errors, undefined);
      }
    };
    await send(60);
    assert.deepEqual(counts(), [30, 30]);
    await first.close();
    await send(40);
    assert.deepEqual(counts(), [30, 70]);
  });

  it('has spans with the conventions for RPC', async () => {
    await using receiver = await startOtlpReceiver();
    const tracing = {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      OTEL_TRACES_SAMPLER: 'always_on',
    };
    await using environment = await startEnvironment(web, tracing, ['notification']);
    await environment.send('{ announcements { id } }');
    const [trace = []] = await receiver.traces(1);
    const span = trace.find(({ name }) => name === 'announcements');
    const { 'server.port': port, ...attributes } = span?.attributes ?? {};
    assert.deepEqual(attributes, {
      'rpc.system.name': 'grpc',
      'rpc.method': 'announcements',
      'server.address': '127.0.0.1',
      'frontdesk.upstream': 'notification',
      'frontdesk.upstream.operation': 'announcements',
      'frontdesk.upstream.requests': 1,
    });
    assert.equal(String(port), new URL(environment.addresses.NOTIFICATION_SERVICE_URL ?? '').port);
    const [received] = environment.calls();
    assert.match(String(received?.headers.traceparent), new RegExp(`-${span?.spanId}-01$`));
  });
});
