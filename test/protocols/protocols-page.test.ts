import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import WebSocket from 'ws';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { ROOT } from '../../tools/tree.ts';
import { CACHED } from '../cache/environment.ts';
import { authorization, type TestViewer } from '../support/environment.ts';
import { MCP } from './mcp/mcp-client.ts';
import { type Subscriptions, startSubscriptions } from './subscriptions/harness.ts';

const page = await readFile(new URL('docs/protocols.md', ROOT), 'utf8');
const dashboard = await readFile(new URL('Dashboard.graphql', mobile.operations), 'utf8');
const BFFS = { 4000: web, 4001: mobile };
const EXCHANGE = /```http\n([^`]+)\n```\n\n```http\nHTTP\/1\.1 ([^`]+)\n```/g;
const MESSAGES = /```text\n(> [^`]+)\n```/;

/** A request or a response: its first line, its headers and its body. */
function parseMessage(text: string) {
  const [head = '', ...rest] = text.split('\n\n');
  const [line = '', ...lines] = head.split('\n');
  const headers: Record<string, string> = Object.fromEntries(
    lines.map((header) => header.split(/: (.*)/, 2)),
  );
  return { line, headers, body: rest.join('\n\n') };
}

/** Asserts that a text is the one of the page, in which `…` stands for anything. */
function assertLike(actual: string | null, expected: string, name: string): void {
  const parts = expected.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  assert.match(actual ?? '', new RegExp(`^${parts.join('[^]+?')}$`), name);
}

const tokenOf = async (viewer: TestViewer): Promise<string> =>
  (await authorization(viewer)).authorization?.slice('Bearer '.length) ?? '';

/** The body of a response; of a stream, what it sends until its first event. */
async function bodyOf(response: Response, onOpen: () => Promise<unknown>): Promise<string> {
  const isOpen = !response.headers.has('content-length');
  if (!response.headers.get('content-type')?.startsWith('text/event-stream') || !isOpen) {
    return response.text();
  }
  await onOpen();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (/^data: .*\n\n/m.test(text)) break;
  }
  return text;
}

describe('The page about protocols', () => {
  const started = new AsyncDisposableStack();
  let environments: Readonly<Record<string, Subscriptions>>;
  before(async () => {
    const entries = Object.entries(BFFS).map(async ([port, bff]) => {
      return [port, started.use(await startSubscriptions({ ...CACHED, ...MCP }, bff))] as const;
    });
    environments = Object.fromEntries(await Promise.all(entries));
  });
  after(() => started.disposeAsync());

  const bffAt = (host: string) => environments[host.split(':')[1] ?? ''] as Subscriptions;

  // In the order of the page: a response that was stored is a hit for the next protocol.
  for (const [, sent = '', received = ''] of page.matchAll(EXCHANGE)) {
    const { line, headers, body } = parseMessage(sent);
    const { Host: host = '', Authorization: credential, ...others } = headers;
    it(`has the response to ${line.split(/[ ?]/, 2).join(' ')}${credential ? '' : ' without a token'}`, async () => {
      const bff = bffAt(host);
      const [method = '', path = ''] = line.split(' ');
      const viewer = path.startsWith('/api/') ? 'staff' : CAST.customer;
      const response = await fetch(bff.url + path, {
        method,
        headers: { ...(credential && (await authorization(viewer))), ...others },
        ...(body && { body: body.replace('"…"', () => JSON.stringify(dashboard)) }),
      });
      const text = await bodyOf(response, async () => {
        await bff.untilOpen(1);
        await bff.notify(CAST.customer);
      });
      const expected = parseMessage(received);
      assert.equal(`${response.status} ${response.statusText}`, expected.line);
      for (const [name, value] of Object.entries(expected.headers)) {
        assertLike(response.headers.get(name), value, name);
      }
      assertLike(text.trim(), expected.body, 'body');
    });
  }

  it('has the messages of a WebSocket', async () => {
    const [, messages = ''] = MESSAGES.exec(page) ?? [];
    const bff = bffAt('127.0.0.1:4000');
    await bff.untilOpen(0);
    const socket = new WebSocket(bff.socketUrl, 'graphql-transport-ws');
    await once(socket, 'open');
    const token = await tokenOf(CAST.customer);
    for (const [, direction, message = ''] of messages.matchAll(/^([<>]) (.+)$/gm)) {
      if (direction === '>') {
        socket.send(message.replace('…', token));
        continue;
      }
      const next = once(socket, 'message');
      if (message.includes('"next"')) {
        await bff.untilOpen(1);
        await bff.notify(CAST.customer);
      }
      assertLike(String((await next)[0]), message, message);
    }
    socket.terminate();
  });

  it('has an example of each protocol', () => {
    const paths = [...page.matchAll(EXCHANGE)].map(([, sent = '']) =>
      sent.split(/[ ?]/, 2).join(' '),
    );
    const needed = ['POST /graphql', 'GET /graphql', 'GET /dashboard', 'POST /mcp'];
    for (const path of [...needed, 'GET /graphql/stream', 'GET /api/orders']) {
      assert.ok(paths.includes(path), path);
    }
    assert.match(page, MESSAGES);
  });
});
