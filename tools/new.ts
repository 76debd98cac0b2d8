import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Command, main, type Terminal } from './command.ts';
import { planBff } from './new/bff.ts';
import { toDiff } from './new/diff.ts';
import { planField } from './new/field.ts';
import { Plan } from './new/plan.ts';
import { planUpstream } from './new/upstream.ts';
import { ROOT } from './tree.ts';

const USAGE = 'Usage: npm run -s new -- upstream <name> | bff <name> | field <Type.field> [--diff]';
const HELP = `${USAGE}

Writes the files and table rows of a recipe, and lists the decisions that remain.

  upstream <name>         a service, such as inventory (docs/add-an-upstream.md)
    --port <number>       the port of its stand-in (default: the next free one)
  bff <name>              a BFF for a new client, such as kiosk (docs/add-a-bff.md)
    --port <number>       its port (default: the next free one)
    --admin-port <number> the port of its admin listener (default: the next free one)
  field <Type.field>      a scalar field of a model, such as Order.carrier (docs/add-a-field.md)
    --type <scalar>       String, ID, Int or DateTime (default: String)
  --diff                  prints the changes and writes nothing
  -h, --help              prints this text`;

const CWD = fileURLToPath(ROOT);
/** The files that `npm run codegen` writes. */
const GENERATED =
  '{bff-*/{generated.ts,schema.graphql},clients/*/*,docs/schema/*.md,src/resolvers/generated.ts,src/datasources/generated/*.ts}';
const BIOME = 'node_modules/@biomejs/biome/bin/biome';

type Options = ReturnType<typeof readArguments>['values'];

/** `npm run new`: starts a field, a BFF or an upstream. */
export const newCommand: Command = {
  usage: USAGE,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args);
    if (values.help) {
      terminal.print(HELP);
      return true;
    }
    const plan = new Plan(ROOT);
    const tests = await planRecipe(plan, positionals, values);
    if (values.diff) {
      for (const change of plan.changes) terminal.print(`${toDiff(change)}\n`);
      return true;
    }
    plan.write();
    const before = readGenerated();
    if (!finish(plan, terminal)) {
      plan.revert();
      terminal.printError('Nothing was changed.\n');
      return false;
    }
    report(plan, before, tests, terminal);
    return true;
  },
};

function readArguments(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      type: { type: 'string' },
      port: { type: 'string' },
      'admin-port': { type: 'string' },
      diff: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

/** @returns the test files that concern the recipe */
function planRecipe(
  plan: Plan,
  [recipe, name, ...rest]: readonly string[],
  options: Options,
): Promise<string[]> {
  if (rest.length > 0) throw new Error(`unexpected argument "${rest[0]}"`);
  if (recipe !== 'upstream' && recipe !== 'bff' && recipe !== 'field') {
    throw new Error('name a recipe: upstream, bff or field');
  }
  if (!name) throw new Error(`name the ${recipe} to add`);
  const port = readPort('--port', options.port);
  if (recipe === 'upstream') return planUpstream(plan, name, port);
  if (recipe === 'field') return planField(plan, name, options.type ?? 'String');
  return planBff(plan, name, { port, adminPort: readPort('--admin-port', options['admin-port']) });
}

function readPort(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new Error(`${option} must be a port, such as 4003`);
}

/** Generates and formats what follows from the changes, so that the tree passes its checks. */
function finish(plan: Plan, terminal: Terminal): boolean {
  const files = plan.changes.map(({ path }) => path).filter((path) => /\.(ts|json)$/.test(path));
  return (
    runNode(['tools/codegen.ts'], terminal) &&
    runNode([BIOME, 'check', '--write', ...files], terminal)
  );
}

/** @returns whether the program succeeded; prints its output only if not */
function runNode(args: string[], { printError }: Terminal): boolean {
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: CWD, encoding: 'utf8' });
  if (status === 0) return true;
  printError(`node ${args.join(' ')} failed:\n${stderr.trimEnd()}\n`);
  return false;
}

const readGenerated = (): Map<string, string> =>
  new Map(
    globSync(GENERATED, { cwd: CWD })
      .sort()
      .map((path) => [path, readFileSync(new URL(path, ROOT), 'utf8')]),
  );

function report(
  plan: Plan,
  generatedBefore: ReadonlyMap<string, string>,
  tests: readonly string[],
  { print }: Terminal,
): void {
  for (const { path, before } of plan.changes) {
    print(`${before === undefined ? 'new      ' : 'edited   '} ${path}`);
  }
  for (const [path, text] of readGenerated()) {
    if (generatedBefore.get(path) !== text) print(`generated ${path}`);
  }
  print('\nDecisions that remain, each with a safe default in its place:');
  for (const { path, line, question } of plan.decisions)
    print(`  ${path}:${line}\n    ${question}`);
  print(`\nNext:\n  npm run check\n  npx node --test ${tests.join(' ')}`);
}

if (import.meta.main) await main(newCommand);
