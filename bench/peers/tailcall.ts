import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { requireVariable, schemaName, serviceUrls } from './environment.ts';

// Tailcall 1.0, a server in Rust whose resolvers are directives in the SDL. Its templates cannot read a
// token, so they take the viewer's id from a header; enum values stay as the services send them.

const { user, order, notification } = serviceUrls();

const MOBILE = `
type Query {
  dashboard: Dashboard @expr(body: { id: "{{.headers.viewer}}" }) @protected
}
type Dashboard {
  id: ID!
  user: User @http(url: "${user}/users/{{.value.id}}")
  orders(first: Int! = 5): [Order!] @http(
    url: "${order}/orders"
    query: [{ key: "user", value: "{{.value.id}}" }, { key: "limit", value: "{{.args.first}}" }]
    select: "{{.orders}}"
  )
  notifications(first: Int! = 5): [Notification!] @http(
    url: "${notification}/notifications"
    query: [{ key: "user", value: "{{.value.id}}" }, { key: "limit", value: "{{.args.first}}" }]
    select: "{{.notifications}}"
  )
}
type Order { id: ID! status: String! total: Money! items: [OrderItem!]! }
type Notification { id: ID! kind: String! createdAt: String! }
`;

const WEB = `
type Query {
  recentOrders(first: Int! = 20): [Order!] @protected @http(
    url: "${order}/orders"
    query: [{ key: "recent", value: "{{.args.first}}" }]
    select: "{{.orders}}"
  )
}
type Order {
  id: ID!
  userId: ID!
  status: String!
  total: Money!
  items: [OrderItem!]!
  customer: User @http(
    url: "${user}/users"
    query: [{ key: "ids", value: "{{.value.userId}}" }]
    batchKey: ["users", "id"]
  )
}
`;

/** 1 ms is the shortest batch delay that it accepts. */
const config = `
schema
  @server(
    hostname: "127.0.0.1"
    port: ${requireVariable('MOBILE_PORT')}
    workers: 1
    routes: { status: "/readyz", graphQL: "/graphql" }
  )
  @upstream(allowedHeaders: ["viewer"], batch: { delay: 1, maxSize: 100 })
  @link(id: "keys", type: Jwks, src: "${requireVariable('JWKS_URL')}") {
  query: Query
}
type User { id: ID! name: String! }
type Money { amount: Int! currency: String! }
type OrderItem { sku: ID! quantity: Int! }
${schemaName() === 'web' ? WEB : MOBILE}`;

const file = join(requireVariable('BENCH_FOLDER'), `${process.pid}.graphql`);
writeFileSync(file, config);
const binary = createRequire(import.meta.url).resolve(
  '@tailcallhq/core-linux-x64-gnu/bin/tailcall',
);
const env = { ...process.env, TAILCALL_TRACKER: 'false', TAILCALL_LOG_LEVEL: 'off' };
// Replaces this process, so that the measured CPU time is Tailcall's.
process.execve?.(binary, [binary, 'start', file], env);
