import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { freePort } from '../../tools/free-port.ts';
import { ROOT } from '../../tools/tree.ts';
import { startConfigured } from './configured-program.ts';
import { responds } from './start-command.ts';

const FOLDER = fileURLToPath(new URL('deploy/prometheus/', ROOT));

export type Labels = Readonly<Record<string, string>>;

/**
 * Starts Prometheus with deploy/prometheus, except that it scrapes and evaluates every 250 ms, and
 * scrapes the replicas of one BFF. `await using` ends it.
 */
export async function startPrometheus(bff: string, adminUrls: readonly string[]) {
  const address = `127.0.0.1:${await freePort()}`;
  const prometheus = await startConfigured({
    config: 'prometheus/prometheus.yml',
    edit(original) {
      const config = parse(original);
      config.global = { scrape_interval: '250ms', evaluation_interval: '250ms' };
      config.rule_files = config.rule_files.map((file: string) => join(FOLDER, file));
      config.scrape_configs[0].static_configs = [
        { targets: adminUrls.map((url) => new URL(url).host), labels: { bff } },
      ];
      return stringify(config);
    },
    command: (file, folder) => [
      'prometheus',
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=error',
    ],
    url: `http://${address}`,
    isReady: () => responds(`http://${address}/-/ready`),
  });

  async function get<T>(path: string, parameters: Record<string, string>): Promise<T> {
    const url = `http://${address}/api/v1/${path}?${new URLSearchParams(parameters)}`;
    const answer = (await (await fetch(url)).json()) as { status: string; error: string; data: T };
    if (answer.status !== 'success') throw new Error(answer.error);
    return answer.data;
  }

  return {
    /** Evaluates an expression now. @returns the labels of each result */
    async query(expression: string): Promise<readonly Labels[]> {
      type Data = { resultType: string; result: { metric: Labels }[] };
      const { resultType, result } = await get<Data>('query', { query: expression });
      return resultType === 'vector' ? result.map(({ metric }) => metric) : [{}];
    },
    /** The labels of each series of a metric. */
    series: (metric: string) => get<readonly Labels[]>('series', { 'match[]': metric }),
    [Symbol.asyncDispose]: prometheus[Symbol.asyncDispose],
  };
}

export type Prometheus = Awaited<ReturnType<typeof startPrometheus>>;
