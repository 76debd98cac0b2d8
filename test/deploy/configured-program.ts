import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ROOT } from '../../tools/tree.ts';
import { startCommand } from './start-command.ts';

interface ConfiguredProgram {
  /** A file of deploy/. */
  readonly config: string;
  /** Replaces what is different on this machine, such as ports. */
  readonly edit: (text: string, folder: string) => string;
  /** The command line. @param file - the path of the edited file */
  readonly command: (file: string, folder: string) => readonly string[];
  readonly url: string;
  readonly isReady: (folder: string) => boolean | Promise<boolean>;
  readonly detached?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a server with its configuration from deploy/, in a folder of its own. `await using` ends it. */
export async function startConfigured({
  config,
  edit,
  command,
  isReady,
  env = {},
  ...options
}: ConfiguredProgram) {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'frontdesk-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  // Some programs, started by root, work as another user.
  await chmod(folder, 0o755);
  const file = join(folder, basename(config));
  await writeFile(file, edit(await readFile(new URL(`deploy/${config}`, ROOT), 'utf8'), folder));
  const program = started.use(
    await startCommand(command(file, folder), {
      ...options,
      cwd: folder,
      env: { PATH: process.env.PATH ?? '', ...env },
      isReady: () => isReady(folder),
    }),
  );
  const resources = started.move();
  return { ...program, folder, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
