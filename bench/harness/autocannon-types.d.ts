declare module 'autocannon' {
  import type { LoadRequest } from './load.ts';

  type Request = LoadRequest & { setupRequest?: (request: LoadRequest) => LoadRequest };

  interface Options {
    url: string;
    connections: number;
    duration: number;
    requests: LoadRequest[];
    setupClient(connection: { setRequests(requests: Request[]): void }): void;
    verifyBody(body: string): boolean;
  }

  interface Result {
    requests: { total: number; sent: number };
    latency: { p50: number; p90: number; p99: number };
    duration: number;
    errors: number;
    timeouts: number;
    statusCodeStats: Record<string, { count: number } | undefined>;
    mismatches: number;
  }

  export default function autocannon(options: Options): Promise<Result>;
}
