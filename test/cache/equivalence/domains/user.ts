import fc from 'fast-check';
import { CAST } from '../../../../services/support/cast.ts';
import { toCursor as toServiceCursor } from '../../../../services/support/page.ts';
import { toCursor } from '../../../../src/datasources/target.ts';
import { type Domain, mutationKind, UNUSUAL_IDS, usually } from '../domain.ts';

const USERS = [CAST.customer, CAST.otherCustomer, CAST.staff, CAST.noOrders, CAST.deleted];

export const domain: Domain = {
  mutations: {
    updateProfile: mutationKind({
      declared: '$input: UpdateProfileInput!',
      variable: 'input',
      details: fc.record(
        {
          name: fc.oneof(
            { weight: 8, arbitrary: fc.nat().map((n) => `Name ${n}`) },
            fc.constant(' '),
          ),
          avatarUrl: fc.oneof(
            { weight: 8, arbitrary: fc.nat().map((n) => `https://avatars.example/${n}.png`) },
            fc.constantFrom(null, 'ftp://avatars.example/'),
          ),
          locale: usually('de-AT', 'pt-BR', 'nonsense!'),
        },
        { requiredKeys: [] },
      ),
      inputFor: async (_services, _owner, profile) => profile,
      serviceCall: (owner, body) => ({
        service: 'user',
        path: `/users/${owner}`,
        method: 'PATCH',
        body,
      }),
    }),
  },
  cursors: { customers: toCursor('users', toServiceCursor(['M', 0])) },
  candidates: {
    search: {
      valid: ['a', 'Amara', '@example.com', ''],
      boundary: ['%', ' ', 'MATEO', 'x'.repeat(100), 'x'.repeat(101)],
    },
    'profile id': { valid: USERS, boundary: UNUSUAL_IDS },
  },
};
