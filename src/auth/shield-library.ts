import { createRequire } from 'node:module';
import type * as GraphQLMiddleware from 'graphql-middleware';
import type * as GraphQLShield from 'graphql-shield';

// graphql-shield's ES build does not load on Node 23 and later (it imports `util.isUndefined`), and
// the library recognises rules with `instanceof`, so there must be one copy. Import both packages from
// this file only: it loads their CommonJS builds.
const require = createRequire(import.meta.url);

export const { allow, deny, rule, shield } = require('graphql-shield') as typeof GraphQLShield;
export const { applyMiddleware } = require('graphql-middleware') as typeof GraphQLMiddleware;
