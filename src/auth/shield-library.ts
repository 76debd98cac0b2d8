import { createRequire } from 'node:module';
import type * as GraphQLMiddleware from 'graphql-middleware';
import type * as GraphQLShield from 'graphql-shield';

// graphql-shield's ES build does not load on Node 23 and later (it imports `util.isUndefined`), and
// its rules are told apart with `instanceof`. So both packages come from their CommonJS builds, and
// from this file only.
const require = createRequire(import.meta.url);

export const { allow, deny, rule, shield } = require('graphql-shield') as typeof GraphQLShield;
export const { applyMiddleware } = require('graphql-middleware') as typeof GraphQLMiddleware;
