import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { getOperationAST, parse } from 'graphql';
import type { BffDefinition } from '../src/bff.ts';
import { isReleasedManifest, loadCommittedOperations, toTrusted } from '../src/operations/index.ts';
import { type ManifestEntry, parseManifest } from '../src/operations/manifest.ts';
import { documentHash } from '../src/operations/operation.ts';
import { buildSchema } from '../src/server/build-schema.ts';
import { usedTypes } from './clients/used-types.ts';
import { findFaults } from './clients/validate.ts';
import { type Command, main, type Terminal } from './command.ts';
import { bffNames, loadBff, ROOT } from './tree.ts';

// The manifests of released clients, clients/<bff>/<name>@<version>.json. See docs/released-clients.md.

const USAGE =
  'Usage: npm run -s clients -- add <bff> <name>@<version> <manifest file> | ' +
  'retire <bff> <name>@<version> | list [<bff>] | check';
const NAME_RULE = 'letters, digits and . _ - (+ in versions), as the app declares them';
const HELP = `${USAGE}

  add      checks the operations of a version that is about to be released, and keeps its manifest in
           clients/<bff>/; the BFF accepts them from then on
  retire   removes the manifest of a version that nobody uses anymore; its operations are refused then
  list     prints each version, the number of its operations and of those that neither another version
           nor the BFF itself has, and since when it is there
  check    checks all operations against the schemas and the limits of this tree`;

/** The greatest number of arguments of each command. */
const ARGUMENTS: Readonly<Record<string, number>> = { add: 3, retire: 2, list: 1, check: 0 };

interface Released {
  readonly client: string;
  readonly url: URL;
  readonly text: string;
}

type FindFaults = (text: string, others: readonly Released[]) => string[];

interface Options {
  /** The folder clients/. */
  readonly folder?: URL;
  readonly load?: (bff: string) => Promise<BffDefinition>;
  readonly today?: string;
}

/** `npm run clients`: adds, retires, lists and checks the manifests of released clients. */
export function createClientsCommand({
  folder = new URL('clients/', ROOT),
  load = loadBff,
  today = new Date().toISOString().slice(0, 10),
}: Options = {}): Command {
  const folderOf = (bff: string) => new URL(`${bff}/`, folder);

  function releasedOf(bff: string): Released[] {
    if (!existsSync(folderOf(bff))) return [];
    return readdirSync(folderOf(bff))
      .filter(isReleasedManifest)
      .sort(new Intl.Collator('en', { numeric: true }).compare)
      .map((file) => {
        const url = new URL(file, folderOf(bff));
        return { client: file.slice(0, -'.json'.length), url, text: readFileSync(url, 'utf8') };
      });
  }

  /** @returns what finds the faults of a manifest; for a schema that can't be built, the reason */
  function createCheck(definition: BffDefinition): FindFaults {
    try {
      const contract = { schema: buildSchema(definition), limits: definition.limits };
      return (text, others) => findFaults(contract, text, others);
    } catch (error) {
      return () => [`the schema of ${definition.name} is wrong: ${(error as Error).message}`];
    }
  }

  async function add([bff, client, file]: string[], terminal: Terminal): Promise<boolean> {
    const url = urlOf(bff, client);
    if (!file) throw new Error('name the manifest file that the app was built with');
    const text = readManifest(file);
    const others = releasedOf(bff as string).filter((other) => other.client !== client);
    const definition = await load(bff as string);
    const faults = createCheck(definition)(text, others);
    for (const fault of faults) terminal.printError(`${file}: ${fault}`);
    if (faults.length > 0) return false;
    const operations = parseManifest(text).map(toApollo);
    if (operations.length === 0) throw new Error(`${file} has no operations`);
    if (existsSync(url)) {
      const before = parseManifest(readFileSync(url, 'utf8')).map(toApollo);
      if (JSON.stringify(before) !== JSON.stringify(operations))
        throw new Error(`${client} has other operations: a released version never changes`);
      terminal.print(`${bff} ${client} is there already`);
      return true;
    }
    const manifest = {
      format: 'apollo-persisted-query-manifest',
      version: 1,
      added: today,
      operations,
      types: usedTypes(
        buildSchema(definition),
        operations.map(({ body }) => parse(body)),
      ),
    };
    await mkdir(folderOf(bff as string), { recursive: true });
    await writeFile(url, `${JSON.stringify(manifest, null, 2)}\n`);
    terminal.print(`added ${bff} ${client}: ${countOf(operations.length)}`);
    return true;
  }

  async function retire([bff, client]: string[], terminal: Terminal): Promise<boolean> {
    const url = urlOf(bff, client);
    if (!existsSync(url)) throw new Error(`there is no ${client} of ${bff}`);
    await rm(url);
    terminal.print(`retired ${bff} ${client}`);
    return true;
  }

  async function list([only]: string[], terminal: Terminal): Promise<boolean> {
    if (only) assertBff(only);
    const listed = bffNames().filter((bff) => only === undefined || bff === only);
    const rows = (await Promise.all(listed.map(listBff))).flat();
    const widths = [0, 1, 2, 3].map((column) =>
      Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)),
    );
    for (const row of rows) {
      terminal.print(
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trim(),
      );
    }
    if (rows.length === 0) terminal.print('no released clients');
    return true;
  }

  async function listBff(bff: string): Promise<string[][]> {
    const released = releasedOf(bff);
    if (released.length === 0) return [];
    const definition = await load(bff);
    const committed = loadCommittedOperations(definition.operations, buildSchema(definition));
    return rowsOf(bff, released, new Set(toTrusted(committed).keys()));
  }

  async function check(terminal: Terminal): Promise<boolean> {
    const faults = (await Promise.all(bffNames().map(checkBff))).flat();
    for (const fault of faults) terminal.printError(fault);
    return faults.length === 0;
  }

  async function checkBff(bff: string): Promise<string[]> {
    const released = releasedOf(bff);
    if (released.length === 0) return [];
    const findAll = createCheck(await load(bff));
    return released.flatMap(({ client, text }, index) =>
      findAll(text, released.slice(0, index)).map(
        (fault) => `clients/${bff}/${client}.json: ${fault}`,
      ),
    );
  }

  function urlOf(bff: string | undefined, client: string | undefined): URL {
    if (!bff) throw new Error('name the BFF');
    assertBff(bff);
    if (!client || client.endsWith('.json') || !isReleasedManifest(`${client}.json`))
      throw new Error(`name the client and its version, such as ios@3.1: ${NAME_RULE}`);
    return new URL(`${client}.json`, folderOf(bff));
  }

  return {
    usage: USAGE,
    async run(args, terminal) {
      const { values, positionals } = parseArgs({
        args,
        allowPositionals: true,
        options: { help: { type: 'boolean', short: 'h' } },
      });
      const [command, ...rest] = positionals;
      const surplus = rest[ARGUMENTS[command ?? ''] ?? rest.length];
      if (surplus !== undefined && !values.help) throw new Error(`"${surplus}" is too much`);
      if (values.help) terminal.print(HELP);
      else if (command === 'add') return add(rest, terminal);
      else if (command === 'retire') return retire(rest, terminal);
      else if (command === 'list') return list(rest, terminal);
      else if (command === 'check') return check(terminal);
      else throw new Error('name a command: add, retire, list or check');
      return true;
    },
  };
}

function assertBff(name: string): void {
  const names = bffNames();
  if (!names.includes(name)) throw new Error(`"${name}" is none of ${names.join(', ')}`);
}

function readManifest(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`there is no readable file at "${file}"`, { cause: error });
  }
}

/** An entry as Apollo's generator writes it; other generators only write ids and texts. */
function toApollo({ id, body }: ManifestEntry) {
  const definition = getOperationAST(parse(body, { noLocation: true }));
  const { operation: type = 'query', name } = definition ?? {};
  return { id, name: name?.value ?? id, type, body };
}

const countOf = (operations: number): string =>
  `${operations} operation${operations === 1 ? '' : 's'}`;

/** @param committed - the hashes of operations that the BFF accepts without a manifest */
function rowsOf(
  bff: string,
  released: readonly Released[],
  committed: ReadonlySet<string>,
): string[][] {
  const hashesOf = ({ text }: Released) =>
    new Set(parseManifest(text).map(({ body }) => documentHash(body)));
  const hashes = new Map(released.map((each) => [each, hashesOf(each)]));
  return released.map((each) => {
    const own = hashes.get(each) ?? new Set<string>();
    const others = released.flatMap((other) =>
      other === each ? [] : [...(hashes.get(other) ?? [])],
    );
    const shared = new Set([...committed, ...others]);
    const { added = 'unknown' } = JSON.parse(each.text) as { added?: string };
    return [
      bff,
      each.client,
      `${countOf(own.size)}, ${own.difference(shared).size} of it alone`,
      `since ${added}`,
    ];
  });
}

if (import.meta.main) await main(createClientsCommand());
