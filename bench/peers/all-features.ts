/** Turns on every optional feature of the product that costs time, with limits that no run reaches. */
export const ALL_FEATURES: Readonly<Record<string, string>> = {
  LOG_LEVEL: 'info',
  RATE_LIMIT_ADDRESS: '999999999',
  RATE_LIMIT_VIEWER: '999999999',
  UPSTREAM_TOKEN: 'bench-upstream-token',
  VIEWER_SIGNING_KEY: 'bench-viewer-key-of-32-characters',
  PURGE_SECRET: 'bench-purge-secret-of-32-characters',
  CORS_ORIGINS: 'https://www.example.com',
  ALLOW_ADDRESSES: '127.0.0.0/8,10.0.0.0/8',
  DENY_ADDRESSES: '192.0.2.0/24',
  BATCH_MAX_OPERATIONS: '10',
  OTEL_TRACES_SAMPLER: 'traceidratio',
  OTEL_TRACES_SAMPLER_ARG: '0.01',
};
