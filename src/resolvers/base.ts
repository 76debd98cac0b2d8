/**
 * Resolvers and permissions, one folder per domain, and what they share.
 *
 * Each domain exports a DomainModule (its index.ts): SDL, resolvers and permissions, which every BFF can
 * include. A field that crosses domains belongs to the later domain (`extend type`), so that a BFF can
 * leave a domain out. Fields of one BFF only are in the folder of that BFF.
 *
 * A resolver must never decide who may see a field (permissions.ts does), call anything but a
 * datasource, or contain a business rule.
 */
import type { DomainModule } from '../bff.ts';
import { DateTime, MinorUnits } from './scalars.ts';

/** The module that every BFF includes: scalars, root types and the type of user errors. */
export const base: DomainModule = {
  schema: 'shared/base.graphql',
  resolvers: { DateTime, MinorUnits },
  permissions: {},
};
