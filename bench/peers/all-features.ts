type Variables = Readonly<Record<string, string>>;

/** Optional features of the product that cost time, with limits that no run reaches. */
export const FEATURES = {
  logs: { LOG_LEVEL: 'info' },
  limits: { RATE_LIMIT_ADDRESS: '999999999', RATE_LIMIT_VIEWER: '999999999' },
  traces: { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' },
  credentials: {
    UPSTREAM_TOKEN: 'bench-upstream-token',
    VIEWER_SIGNING_KEY: 'bench-viewer-key-of-32-characters',
    PURGE_SECRET: 'bench-purge-secret-of-32-characters',
  },
  cors: { CORS_ORIGINS: 'https://www.example.com' },
  addresses: {
    ALLOW_ADDRESSES: '127.0.0.0/8,10.0.0.0/8',
    DENY_ADDRESSES: '192.0.2.0/24',
  },
} as const satisfies Readonly<Record<string, Variables>>;

const { logs, limits, traces, credentials, cors, addresses } = FEATURES;

/** What a production deployment has; metrics are always on. */
export const ALL_ON: Variables = { ...logs, ...limits, ...traces, ...credentials };

/** Also what only some deployments have in the process itself. */
export const EVERYTHING: Variables = { ...ALL_ON, ...cors, ...addresses };
