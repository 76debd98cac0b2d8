import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The licences that a bundle may contain: permissive ones, which ask for no more than their text. */
const ALLOWED = [
  '(Apache-2.0 AND BSD-3-Clause)',
  '(MIT AND BSD-3-Clause)',
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'Unlicense',
];
const LICENSE_FILE = /^(?:licen[cs]e|copying|unlicense|notice)\b/i;
const NOTICE_FILE = /^notice\b/i;
const PACKAGE_FOLDER = /^.*\bnode_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/** The copyright of MIT packages that are published without their licence file. */
const COPYRIGHTS: Readonly<Record<string, string>> = {
  '@apollo/server': '2016-2020 Apollo Graph, Inc. (Formerly Meteor Development Group, Inc.)',
  '@graphql-tools/merge': '2020 The Guild, Inc.',
  '@graphql-tools/schema': '2020 The Guild, Inc.',
  '@graphql-tools/utils': '2020 The Guild, Inc.',
  '@whatwg-node/promise-helpers': 'Arda TANRIKULU',
  'abstract-logging': 'James Sumners',
  'cross-inspect': 'Arda TANRIKULU',
  standardwebhooks: 'Standard Webhooks',
};

/**
 * The files of packages without a licence file whose first comment is the notice. The text of Apache-2.0
 * itself comes with @opentelemetry/api.
 */
const NOTICES: Readonly<Record<string, readonly string[]>> = {
  '@bufbuild/protobuf': ['dist/esm/create.js', 'dist/esm/wire/varint.js'],
  '@connectrpc/connect': ['dist/esm/router.js'],
  '@connectrpc/connect-node': ['dist/esm/grpc-transport.js'],
};
const FIRST_COMMENT = /^(?:\/\/.*\n)+/;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/** The folders of the packages that these files are part of, relative like the files. */
export const packageFolders = (files: readonly string[]): string[] =>
  [...new Set(files.flatMap((file) => PACKAGE_FOLDER.exec(file) ?? []))].sort();

/**
 * Collects the licences of packages as one text.
 * @param folders - of the packages, absolute
 * @throws Error that names each package without a text, or with a licence that is not allowed
 */
export function collectLicenses(folders: readonly string[]): string {
  const faults: string[] = [];
  const packages = new Map<string, string>();
  for (const folder of folders) {
    const manifest: Manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const { name, version, license = 'none' } = manifest;
    const text = readLicense(folder, manifest);
    if (!ALLOWED.includes(license)) faults.push(`${name} ${version}: licence ${license}`);
    if (text === undefined) faults.push(`${name} ${version}: no licence text`);
    packages.set(`${name} ${version} (${license})`, text ?? '');
  }
  if (faults.length > 0) {
    throw new Error(`not allowed in a bundle; see tools/build/licenses.ts\n${faults.join('\n')}`);
  }
  const entries = [...packages].sort(([a], [b]) => (a < b ? -1 : 1));
  return entries
    .map(([title, text]) => `${title}\n\n${text.trim()}\n`)
    .join(`\n${'-'.repeat(80)}\n\n`);
}

function readLicense(folder: string, { name, license }: Manifest): string | undefined {
  const files = readdirSync(folder).filter((file) => LICENSE_FILE.test(file));
  if (files.some((file) => !NOTICE_FILE.test(file))) {
    return files.map((file) => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n');
  }
  if (NOTICES[name]) {
    return NOTICES[name].map((file) => firstComment(join(folder, file))).join('\n\n');
  }
  const holder = COPYRIGHTS[name];
  return license === 'MIT' && holder !== undefined ? mitLicense(holder) : undefined;
}

function firstComment(file: string): string {
  const [comment] = FIRST_COMMENT.exec(readFileSync(file, 'utf8')) ?? [];
  if (!comment) throw new Error(`${file} has no notice`);
  return comment.replaceAll(/^\/\/ ?/gm, '').trim();
}

const mitLicense = (holder: string): string => `MIT License

Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.`;
