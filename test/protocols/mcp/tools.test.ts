import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { mobile } from '../../../bff-mobile/bff.ts';
import { partner } from '../../../bff-partner/bff.ts';
import { web } from '../../../bff-web/bff.ts';
import type { BffDefinition } from '../../../src/bff.ts';
import { loadCommittedOperations } from '../../../src/operations/index.ts';
import { listTools } from '../../../src/protocols/mcp/tools.ts';
import { buildSchema } from '../../../src/server/build-schema.ts';
import { startEnvironment } from '../../support/environment.ts';
import { createOperations } from '../rest/rest-client.ts';
import { connect, MCP } from './mcp-client.ts';

const toolsOf = (bff: BffDefinition, operations = bff.operations) => {
  const schema = buildSchema(bff);
  return listTools(schema, loadCommittedOperations(operations, schema));
};

/** The only tool of an operation, as clients see it. */
async function describeTool(bff: BffDefinition, name: string, text: string) {
  await using folder = await createOperations({ [name]: text });
  const [tool] = toolsOf(bff, folder.url);
  assert.ok(tool);
  return tool.description;
}

describe('The committed operations with @tool', () => {
  it('are those that their files say', () => {
    const names = [web, mobile, partner].map((bff) => toolsOf(bff).map(({ name }) => name));
    assert.deepEqual(names, [[], ['dashboard'], ['my_orders', 'order_detail', 'place_order']]);
  });

  it('are listed by a client, for everyone, with what their operations and the SDL say', async () => {
    await using environment = await startEnvironment(partner, MCP);
    await using session = await connect(environment);
    const { tools } = await session.client.listTools();
    assert.deepEqual(
      tools,
      toolsOf(partner).map(({ description }) => description),
    );
    const [orders] = tools;
    assert.equal(
      orders?.description,
      'For a client that acts for a user: what the user ordered, page by page.',
    );
    assert.deepEqual(orders.inputSchema, {
      type: 'object',
      properties: {
        first: {
          type: 'integer',
          format: 'int32',
          description: 'The maximum number of items, 1 to 50.',
          default: 20,
        },
        after: { type: ['string', 'null'], description: '`next` of the preceding page.' },
        status: {
          anyOf: [{ $ref: '#/$defs/OrderStatus' }, { type: 'null' }],
          description: 'Returns only orders with this status.',
        },
      },
      additionalProperties: false,
      $defs: {
        OrderStatus: {
          type: 'string',
          enum: ['PLACED', 'SHIPPED', 'DELIVERED', 'CANCELLED'],
          description:
            'The progress of an order.\n' +
            '- `PLACED`: Accepted; can still be cancelled.\n' +
            '- `SHIPPED`: In transit.\n' +
            '- `DELIVERED`: Delivered to the customer.\n' +
            '- `CANCELLED`: Cancelled; nothing is shipped.',
        },
      },
    });
  });
});

describe('A tool', () => {
  it('is described by the SDL if its operation has no comment', async () => {
    const { description } = await describeTool(
      mobile,
      'News',
      'query News @tool { announcements { id } }',
    );
    assert.equal(
      description,
      buildSchema(mobile).getQueryType()?.getFields().announcements?.description,
    );
  });

  it('has the name and the title of its directive', async () => {
    const text =
      '# Recent news.\nquery AllNews @tool(name: "news", title: "News") { announcements { id } }';
    const { name, title, description } = await describeTool(mobile, 'AllNews', text);
    assert.deepEqual([name, title, description], ['news', 'News', 'Recent news.']);
  });

  it('has the name of its operation in snake case', async () => {
    for (const [operation, expected] of [
      ['News', 'news'],
      ['AllNews', 'all_news'],
      ['RSSFeed2News', 'rss_feed2_news'],
    ] as const) {
      const text = `query ${operation} @tool { announcements { id } }`;
      assert.equal((await describeTool(mobile, operation, text)).name, expected);
    }
  });

  it('only reads if it is a query', async () => {
    const { annotations } = await describeTool(
      mobile,
      'News',
      'query News @tool { announcements { id } }',
    );
    assert.deepEqual(annotations, { readOnlyHint: true, openWorldHint: false });
  });

  it('may be repeated, and changes nothing that exists, if it needs an idempotency key', async () => {
    const text =
      'mutation Place($input: PlaceOrderInput!) @tool { placeOrder(input: $input) { order { id } } }';
    assert.deepEqual((await describeTool(mobile, 'Place', text)).annotations, {
      readOnlyHint: false,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: false,
    });
  });

  it('may destroy something if it is any other mutation', async () => {
    const text = 'mutation Cancel($id: ID!) @tool { cancelOrder(id: $id) { order { id } } }';
    assert.deepEqual((await describeTool(mobile, 'Cancel', text)).annotations, {
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: false,
      openWorldHint: false,
    });
  });
});

describe('A server does not start, whether it serves tools or not, with', () => {
  for (const [what, operations, message] of [
    [
      'two tools of one name',
      {
        AllNews: 'query AllNews @tool { announcements { id } }',
        Other: 'query Other @tool(name: "all_news") { announcements { id } }',
      },
      'Wrong @tool:\n  Other.graphql: AllNews has the name all_news already',
    ],
    [
      'a name that clients do not accept',
      { News: 'query News @tool(name: "the news") { announcements { id } }' },
      'Wrong @tool:\n  News.graphql: "the news" is not a name of letters, digits, _ and -, at most 64 long',
    ],
  ] as const) {
    it(what, async () => {
      await using folder = await createOperations(operations);
      await assert.rejects(startEnvironment({ ...mobile, operations: folder.url }), { message });
    });
  }
});

describe('The directive @tool', () => {
  it('is the only difference of a tool, as docs/mcp.md shows', async () => {
    const page = await readFile(new URL('../../../docs/mcp.md', import.meta.url), 'utf8');
    const [, path = '', before = '', after = ''] =
      /^\+\+\+ b\/(.+)\n@@\n-(.+)\n\+(.+)$/m.exec(page) ?? [];
    const text = await readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');
    assert.ok(text.includes(`${after}\n`), after);
    await using folders = new AsyncDisposableStack();
    const [plain, tool] = await Promise.all(
      [text.replace(after, before), text].map(async (OrderDetail) => {
        const { url } = folders.use(await createOperations({ OrderDetail }));
        return { tools: toolsOf(partner, url), url };
      }),
    );
    assert.deepEqual([plain?.tools.length, tool?.tools.length], [0, 1]);
    const schema = buildSchema(partner);
    const hashes = [plain, tool].map(
      (folder) => folder && loadCommittedOperations(folder.url, schema)[0]?.hash,
    );
    assert.equal(hashes[0], hashes[1]);
  });

  it('makes a tool of an operation, by one line of one file', async () => {
    const text = 'query News {\n  announcements { id title }\n}\n';
    await using folder = await createOperations({ News: text.replace('News', 'News @tool') });
    await using environment = await startEnvironment({ ...mobile, operations: folder.url }, MCP);
    await using session = await connect(environment);
    const { structuredContent } = await session.call('news');
    const { body } = await environment.send(text);
    assert.deepEqual(structuredContent, body);
  });
});
