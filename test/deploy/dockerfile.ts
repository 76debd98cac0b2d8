import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import {
  type Dockerfile,
  DockerfileParser,
  type Instruction,
  type ModifiableInstruction,
} from 'dockerfile-ast';
import { ROOT } from '../../tools/tree.ts';

/** The folder of the stage `build`. */
const BUILD_FOLDER = '/build/';

export const readDockerfile = (): Promise<string> =>
  readFile(new URL('deploy/Dockerfile', ROOT), 'utf8');

/** The instructions of a stage. */
export function stageOf(dockerfile: Dockerfile, name: string): Instruction[] {
  const from = dockerfile.getFROMs().find((each) => each.getBuildStage() === name);
  const image = from && dockerfile.getContainingImage(from.getRange().start);
  if (!image) throw new Error(`the Dockerfile has no stage ${name}`);
  return image.getInstructions();
}

/**
 * Builds the last stage of the Dockerfile without Docker: the same files, commands and variables, in
 * a read-only temporary folder instead of WORKDIR, and as its user if this process is root.
 * @param buildFolder - the folder of the stage `build`, with its results
 * @param args - of the build
 */
export async function buildImage(buildFolder: string, args: Readonly<Record<string, string>>) {
  const dockerfile = DockerfileParser.parse(await readDockerfile());
  const folder = await mkdtemp(join(tmpdir(), 'image-'));
  const app = join(folder, 'app');
  const bin = join(folder, 'bin');
  await mkdir(app);
  await mkdir(bin);
  await copyFile(process.execPath, join(bin, 'node'));
  await chmod(folder, 0o755);

  const variables: Record<string, string> = {};
  const env: Record<string, string> = { PATH: `${bin}:/usr/bin:/bin` };
  const image = { cwd: app, env, user: {} as { uid?: number; gid?: number }, stopSignal: '' };
  let workdir = '';
  let cmd: string[] = [];
  let healthCheck: string[] = [];
  const expand = (text: string) =>
    text.replaceAll(/\$\{(\w+)\}/g, (_all, name: string) => variables[name] ?? env[name] ?? '');
  const inFolder = (text: string) => text.replaceAll(workdir || '\0', app);

  const steps: Record<string, (text: string) => unknown> = {
    FROM: () => undefined,
    LABEL: () => undefined,
    EXPOSE: () => undefined,
    ARG(text) {
      const [name = '', value = ''] = text.split('=', 2);
      variables[name] = args[name] ?? value;
    },
    ENV(text) {
      for (const [, name = '', value = ''] of text.matchAll(/(\w+)=(\S+)/g))
        env[name] = expand(value);
    },
    WORKDIR(text) {
      workdir = text;
      for (const [name, value] of Object.entries(env)) env[name] = inFolder(value);
    },
    async COPY(text) {
      const [from, ...files] = expand(text).split(/\s+/);
      if (from !== '--from=build') throw new Error(`COPY ${text} is not from the stage build`);
      const to = files.pop() ?? '';
      for (const file of files) {
        const source = join(buildFolder, file.slice(BUILD_FOLDER.length));
        await copyFile(source, join(app, to.endsWith('/') ? join(to, basename(file)) : to));
      }
    },
    USER(text) {
      const [uid, gid] = text.split(':').map(Number);
      if (process.getuid?.() === 0) image.user = { uid: uid ?? 0, gid: gid ?? 0 };
    },
    RUN(text) {
      const options = { cwd: app, env, ...image.user, encoding: 'utf8' } as const;
      const { status, stdout, stderr } = spawnSync('sh', ['-c', inFolder(text)], options);
      if (status !== 0) throw new Error(`RUN ${text} failed: ${stdout}${stderr}`);
    },
    STOPSIGNAL(text) {
      image.stopSignal = text;
    },
    HEALTHCHECK(text) {
      healthCheck = JSON.parse(text.slice(text.indexOf('[')));
    },
    CMD(text) {
      cmd = JSON.parse(text);
    },
  };
  for (const instruction of stageOf(dockerfile, 'bff')) {
    const keyword = instruction.getKeyword();
    const step = steps[keyword];
    if (!step) throw new Error(`${keyword} is not known to this test`);
    await step(textOf(instruction));
  }
  for (const each of [app, folder]) spawnSync('chmod', ['-R', 'a-w', each]);
  return {
    ...image,
    cmd,
    healthCheck,
    folder: app,
    async [Symbol.asyncDispose]() {
      spawnSync('chmod', ['-R', 'u+w', folder]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The text after the keyword, with flags such as `--from`. */
export function textOf(instruction: Instruction): string {
  const flags = 'getFlags' in instruction ? (instruction as ModifiableInstruction).getFlags() : [];
  return [...flags.map(String), instruction.getArgumentsContent()].join(' ');
}
