import type { BffDefinition } from '../src/bff.ts';
import { UPSTREAMS } from '../src/datasources/upstreams.ts';
import { STANDARD_LIMITS } from '../src/operations/limits/index.ts';
import { base } from '../src/resolvers/base.ts';
import { notification } from '../src/resolvers/notification/index.ts';
import { order } from '../src/resolvers/order/index.ts';
import { subscription } from '../src/resolvers/subscription/index.ts';
import { user } from '../src/resolvers/user/index.ts';
import { permissions } from './permissions.ts';
import { resolvers } from './resolvers.ts';

export const mobile: BffDefinition = {
  name: 'mobile',
  port: 4001,
  adminPort: 9401,
  upstreams: UPSTREAMS,
  domains: [base, user, order, notification, subscription],
  credentials: [],
  subscriptions: ['sse'],
  trustedOnly: true,
  limits: STANDARD_LIMITS,
  schema: 'mobile',
  resolvers,
  permissions,
  stale: { whileRevalidate: 30, ifError: 300 },
  operations: new URL('./operations/', import.meta.url),
  example: 'Dashboard',
};
