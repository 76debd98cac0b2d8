/** Paths of the server, and what is below them: no operation or route can have one. */
export const RESERVED_PATH =
  /^\/(?:\.well-known|auth|docs|graphql|healthz|mcp|openapi\.json|readyz)(?:\/|$)/;
