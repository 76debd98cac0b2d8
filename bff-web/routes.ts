import type { ProxyRoute } from '../src/bff.ts';

/** What has not been modelled, for staff: docs/pass-through.md. */
export const routes: readonly ProxyRoute[] = [
  { path: '/api/users/*', methods: ['GET'], upstream: 'user', target: '/users/*' },
  {
    path: '/api/users/{id}',
    methods: ['PATCH'],
    upstream: 'user',
    target: '/users/{id}',
    purges: ['User:{id}', 'users'],
  },
  { path: '/api/orders/*', methods: ['GET'], upstream: 'order', target: '/orders/*' },
  {
    path: '/api/orders/{id}/cancel',
    methods: ['POST'],
    upstream: 'order',
    target: '/orders/{id}/cancel',
    purges: ['Order:{id}', 'orders'],
  },
];
