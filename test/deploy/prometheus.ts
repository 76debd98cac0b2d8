import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { ROOT } from '../../tools/tree.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';

const FOLDER = fileURLToPath(new URL('deploy/prometheus/', ROOT));

export type Labels = Readonly<Record<string, string>>;

/**
 * Starts Prometheus with deploy/prometheus, except that it scrapes and evaluates every 250 ms, and
 * scrapes the replicas of one BFF. `await using` ends it.
 */
export async function startPrometheus(bff: string, adminUrls: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'prometheus-'));
  const port = await freePort();
  const config = parse(await readFile(join(FOLDER, 'prometheus.yml'), 'utf8'));
  config.global = { scrape_interval: '250ms', evaluation_interval: '250ms' };
  config.rule_files = config.rule_files.map((file: string) => join(FOLDER, file));
  config.scrape_configs[0].static_configs = [
    { targets: adminUrls.map((url) => new URL(url).host), labels: { bff } },
  ];
  const file = join(folder, 'prometheus.yml');
  await writeFile(file, stringify(config));
  const address = `127.0.0.1:${port}`;
  const child = spawn(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let output = '';
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const exited = once(child, 'exit');
  // A test that is killed disposes of nothing.
  process.once('exit', () => child.kill('SIGKILL'));
  const end = async () => {
    child.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };

  async function get<T>(path: string, parameters: Record<string, string>): Promise<T> {
    const url = `http://${address}/api/v1/${path}?${new URLSearchParams(parameters)}`;
    const answer = (await (await fetch(url)).json()) as { status: string; error: string; data: T };
    if (answer.status !== 'success') throw new Error(answer.error);
    return answer.data;
  }

  try {
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`prometheus ended: ${output}`);
      return fetch(`http://${address}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
  } catch (error) {
    await end();
    throw error;
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
    [Symbol.asyncDispose]: end,
  };
}

export type Prometheus = Awaited<ReturnType<typeof startPrometheus>>;
