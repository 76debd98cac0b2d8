import assert from 'node:assert/strict';
import {
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { UPSTREAMS } from '../../src/datasources/upstreams.ts';
import { toDiff } from '../../tools/new/diff.ts';
import { newCommand } from '../../tools/new.ts';
import { bffNames, ROOT } from '../../tools/tree.ts';
import { diffsOf, RecipePage, withoutLineNumbers } from './recipe-page.ts';
import { type Result, runProcess, runTool } from './run-tool.ts';

/*
 * The recipes of `npm run new` in a copy of the tree: one after the other, then the checks and the
 * tests that concern them. RECIPES=full (`npm run test:recipes`) runs all steps of `npm run check`
 * and all tests that the command names. UPDATE_PAGES=1 writes the output and the diffs into the
 * recipe pages.
 */

const IS_FULL = process.env.RECIPES === 'full';
const SOURCE = fileURLToPath(ROOT);

/** The recipe pages show the tree of the example domain; other trees have other ports and tables. */
const isExampleTree =
  Object.keys(UPSTREAMS).join() === 'user,order,notification' &&
  bffNames().join() === 'mobile,partner,web' &&
  globSync('test/bff/order-carrier.test.ts', { cwd: SOURCE }).length === 0;
const skip = !isExampleTree && 'the tree is no longer the one that the recipe pages show';

/** Without the variable that makes a test runner the child of this one. */
const { NODE_TEST_CONTEXT: _child, ...ENV } = process.env;

/** In an order in which no recipe changes what another one prints. */
const RECIPES = [
  { args: ['field', 'Order.carrier'], page: new RecipePage('add-a-field.md') },
  { args: ['upstream', 'inventory'], page: new RecipePage('add-an-upstream.md') },
  { args: ['bff', 'kiosk'], page: new RecipePage('add-a-bff.md') },
];

/**
 * The short form checks the types of what the recipes may break: most mistakes of a template break them.
 * In one thread, because several check many types more than once.
 */
const TYPES = 'tsconfig.recipes.json';
const CHECKED = ['src', 'services', 'bff-*'];
/** All steps of `npm run check`, or the types. */
const CHECKS = IS_FULL
  ? [['tools/check.ts']]
  : [['node_modules/typescript/bin/tsc', '--singleThreaded', '--project', TYPES]];

/** The new tests, and the fault matrix that has a row for each of the recipes. */
const QUICK_TESTS = [
  'test/bff/order-carrier.test.ts',
  'test/datasources/inventory.test.ts',
  'test/bff/kiosk.test.ts',
  'test/bff/fault-matrix/fault-matrix.test.ts',
];
/** The tests of all three that the command names. */
const TESTS = [
  ...QUICK_TESTS,
  ...(IS_FULL
    ? [
        'test/bff/rights/rights.test.ts',
        'test/bff/field-paths/field-paths.test.ts',
        'test/budgets/calls.test.ts',
        'test/config/config.test.ts',
        'test/architecture.test.ts',
      ]
    : []),
];
/** The part of them that `npm test` runs, in one process, which loads the copy once. */
const SELECTION = IS_FULL
  ? []
  : ['--test-isolation=none', '--test-name-pattern=/kiosk|inventory|Order.carrier/'];

const MIN_TESTS = 12;

/** Copies the tree without its packages, to which it links. */
function copyTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'frontdesk-new-'));
  cpSync(SOURCE, copy, {
    recursive: true,
    filter: (path) => !['node_modules', '.git'].includes(basename(path)),
  });
  for (const path of globSync('{.,tools/*}/node_modules', { cwd: SOURCE })) {
    symlinkSync(realpathSync(join(SOURCE, path)), join(copy, path), 'dir');
  }
  return copy;
}

const readTree = (folder: string): Map<string, string> =>
  new Map(
    globSync('{*,.*,{bff-*,clients,docs,schema,services,src,test,tools}/**/*}', {
      cwd: folder,
      exclude: ['**/node_modules', '.git'],
      withFileTypes: true,
    })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]),
  );

const diffsBetween = (
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> =>
  new Map(
    [...after]
      .filter(([path, text]) => before.get(path) !== text)
      .map(([path, text]) => {
        const diff = toDiff({ path, before: before.get(path), after: text });
        return [path, `${diff.trim()}\n`];
      }),
  );

describe('npm run new in a copy of the tree', { concurrency: true, skip }, () => {
  let copy: string;
  const runs: { result: Result; written: ReadonlyMap<string, string> }[] = [];

  const node = (...args: string[]): Promise<Result> =>
    runProcess(process.execPath, args, {
      cwd: copy,
      env: ENV,
    });

  before(async () => {
    copy = copyTree();
    for (const { args } of RECIPES) {
      const tree = readTree(copy);
      const result = await node('tools/new.ts', ...args);
      runs.push({ result, written: diffsBetween(tree, readTree(copy)) });
    }
    const written = runs.flatMap((run) => [...run.written.keys()]);
    const include = [...CHECKED, ...written.filter((path) => path.endsWith('.ts'))];
    const types = { extends: './tsconfig.json', include };
    if (!IS_FULL) writeFileSync(join(copy, TYPES), JSON.stringify(types));
  });
  after(() => rm(copy, { recursive: true }));

  for (const [index, { args, page }] of RECIPES.entries()) {
    it(`${args.join(' ')} writes the files that its page shows`, async () => {
      const { result, written } = runs[index] ?? assert.fail();
      assert.deepEqual({ code: result.code, stderr: result.stderr }, { code: 0, stderr: '' });
      const { stdout: printed } = await runTool(newCommand, [...args, '--diff']);
      const diffs = diffsOf(printed);
      if (process.env.UPDATE_PAGES) page.update(result.stdout, diffs);
      assert.equal(page.output, withoutLineNumbers(result.stdout));
      assert.deepEqual(page.diffs, diffs);
      const generated = [...result.stdout.matchAll(/^generated (.*)$/gm)].map(([, path]) => path);
      const others = [...written].filter(([path]) => !generated.includes(path));
      assert.deepEqual(new Map(others), diffs);
      assert.equal(others.length + generated.length, written.size);
    });
  }

  for (const check of CHECKS) {
    it(`leaves a tree that passes ${check.join(' ')}`, async () => {
      const { code, stdout, stderr } = await node(...check);
      assert.equal(code, 0, stdout + stderr);
    });
  }

  it('leaves a tree that passes the tests that concern the recipes', async () => {
    const { code, stdout } = await node('--test', ...SELECTION, ...TESTS);
    assert.equal(code, 0, stdout);
    const [, passed] = /^ℹ pass (\d+)$/m.exec(stdout) ?? [];
    assert.ok(Number(passed) >= MIN_TESTS, stdout);
  });
});

describe('docs/replace-the-demo-domain.md', { skip }, () => {
  it('names only files that exist', () => {
    const text = readFileSync(new URL('docs/replace-the-demo-domain.md', ROOT), 'utf8');
    const removed = [...text.matchAll(/^rm (?:-r )?(.*)$/gm)].flatMap(([, paths = '']) =>
      paths.split(' '),
    );
    const edited = [...text.matchAll(/`([\w.-]*\/[\w./*-]+|codegen\.ts)`/g)].map(
      ([, path = '']) => path,
    );
    const missing = [...removed, ...edited].filter(
      (path) => globSync(path, { cwd: SOURCE }).length === 0,
    );
    assert.ok(removed.length > 5 && edited.length > 20);
    assert.deepEqual(missing, []);
  });
});

describe('npm run new', { skip }, () => {
  const MISTAKES: Record<string, { args: string[]; error: RegExp }> = {
    'no recipe': { args: [], error: /name a recipe: upstream, bff or field/ },
    'an unknown recipe': { args: ['protocol', 'soap'], error: /name a recipe/ },
    'a recipe without a name': { args: ['bff'], error: /name the bff to add/ },
    'a second name': { args: ['bff', 'kiosk', 'till'], error: /unexpected argument "till"/ },
    'an unknown option': { args: ['bff', 'kiosk', '--force'], error: /'--force'/ },
    'a port that is none': { args: ['bff', 'kiosk', '--port', '70000'], error: /--port must be/ },
    'a BFF that exists': { args: ['bff', 'web'], error: /bff-web exists already/ },
    'a BFF whose type exists': { args: ['bff', 'profile'], error: /type Profile exists already/ },
    'a BFF of two words': { args: ['bff', 'in-store'], error: /"in-store" must be one lower-case/ },
    'a BFF whose field exists': { args: ['bff', 'customers'], error: /Query\.customers exists/ },
    'a word of JavaScript': {
      args: ['bff', 'default'],
      error: /"default" is a word of JavaScript/,
    },
    'a reserved name': { args: ['bff', 'shared'], error: /"shared" is reserved/ },
    'a name that objects inherit': {
      args: ['upstream', 'constructor'],
      error: /"constructor" is reserved/,
    },
    'a port of another BFF': { args: ['bff', 'kiosk', '--port', '4001'], error: /port 4001/ },
    'a port of another stand-in': {
      args: ['upstream', 'stock', '--port', '5002'],
      error: /port 5002/,
    },
    'a path as a BFF': { args: ['bff', '../kiosk'], error: /must be one lower-case word/ },
    'an upstream that exists': {
      args: ['upstream', 'order'],
      error: /services\/order exists already/,
    },
    'an upstream whose folder exists': { args: ['upstream', 'support'], error: /exists already/ },
    'an upstream with a capital': { args: ['upstream', 'Inventory'], error: /one lower-case word/ },
    'a field without a type': { args: ['field', 'carrier'], error: /such as Order\.carrier/ },
    'a field of an unknown type': { args: ['field', 'Parcel.id'], error: /no type "Parcel"/ },
    'a field that exists': {
      args: ['field', 'Order.status'],
      error: /has a field "status" already/,
    },
    'a field of a type without a model': {
      args: ['field', 'Query.orders'],
      error: /Query has no model, .*see docs\/add-a-field\.md/,
    },
    'a field that the service does not send': {
      args: ['field', 'Order.weight'],
      error: /the order service sends no "weight": add it to services\/order\/openapi\.yaml/,
    },
    'an object type': {
      args: ['field', 'Order.carrier', '--type', 'Money'],
      error: /one of String/,
    },
  };

  for (const [mistake, { args, error }] of Object.entries(MISTAKES)) {
    it(`rejects ${mistake} with one line that says what is wrong`, async () => {
      const { code, stdout, stderr } = await runTool(newCommand, [...args, '--diff']);
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
      assert.match(stderr, error);
      assert.match(stderr, /^[^\n]*\. Usage: [^\n]*\n$/);
    });
  }

  it('--help prints every recipe and option, and writes nothing', async () => {
    const { code, stdout, stderr } = await runTool(newCommand, ['--help']);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    assert.match(stdout, /String, ID, Int or DateTime/);
    for (const name of ['upstream', 'bff', 'field', '--type', '--port', '--admin-port', '--diff']) {
      assert.match(stdout, new RegExp(`^ +${name} `, 'm'));
    }
  });

  it('takes the ports that it is given', async () => {
    const ports = ['--port', '4321', '--admin-port', '9321'];
    const { stdout } = await runTool(newCommand, ['bff', 'till', ...ports, '--diff']);
    assert.match(stdout, /^\+ {2}port: 4321,\n\+ {2}adminPort: 9321,$/m);
    const upstream = ['upstream', 'stock', '--port', '5321', '--diff'];
    assert.match((await runTool(newCommand, upstream)).stdout, /^\+ {2}stock: \{ port: 5321,/m);
  });

  it('shows a value that the model has already', async () => {
    const args = ['field', 'Profile.locale', '--diff'];
    const diffs = diffsOf((await runTool(newCommand, args)).stdout);
    assert.deepEqual(
      [...diffs.keys()].filter((path) => !path.startsWith('test/')),
      ['schema/shared/user.graphql'],
    );
    const test = diffs.get('test/bff/profile-locale.test.ts') ?? '';
    assert.match(test, /query = '\{ profile\(id: "42"\) \{ locale \} \}'/);
  });

  it('decodes the type that it is given, or null', async () => {
    const args = ['field', 'Order.carrier', '--type', 'DateTime', '--diff'];
    const { stdout } = await runTool(newCommand, args);
    assert.match(stdout, /^\+ {2}carrier: DateTime$/m);
    assert.match(
      stdout,
      /^\+ {2}carrier: wire.carrier == null \? null : dateTime\(wire.carrier\),$/m,
    );
  });
});
