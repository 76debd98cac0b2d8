import type { BffDefinition } from '../src/bff.ts';
import { UPSTREAMS } from '../src/datasources/upstreams.ts';
import { STANDARD_LIMITS } from '../src/operations/limits/index.ts';
import { base } from '../src/resolvers/base.ts';
import { order } from '../src/resolvers/order/index.ts';
import { user } from '../src/resolvers/user/index.ts';
import { permissions } from './permissions.ts';
import { resolvers } from './resolvers.ts';

/** For other parties: their servers with an API key or a certificate, and clients with a user's token. */
export const partner: BffDefinition = {
  name: 'partner',
  port: 4002,
  adminPort: 9402,
  upstreams: UPSTREAMS,
  domains: [base, user, order],
  credentials: ['key', 'certificate'],
  trustedOnly: true,
  limits: { ...STANDARD_LIMITS, depth: 8, aliases: 10, cost: 2_000 },
  schema: 'partner',
  resolvers,
  permissions,
  stale: { whileRevalidate: 30, ifError: 300 },
  operations: new URL('./operations/', import.meta.url),
  example: 'MyOrders',
};
