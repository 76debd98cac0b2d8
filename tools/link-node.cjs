// npm's postinstall: ensures that node_modules/.bin/node is the Node of this platform's package.
// npm 10 keeps that package but removes its link together with the packages of the other platforms,
// whose command has the same name. `npm rebuild` restores the link in the platform's own form.
'use strict';
const { spawnSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
const platform = process.platform === 'win32' ? 'win' : process.platform;
const name = `node-${platform}-${process.arch}`;
const isInstalled = existsSync(join(root, 'node_modules', name));
const isLinked = existsSync(join(root, 'node_modules', '.bin', 'node'));

if (isInstalled && !isLinked) {
  const rebuild = [process.env.npm_execpath, 'rebuild', '--ignore-scripts', name];
  const { status } = spawnSync(process.execPath, rebuild, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  process.exitCode = status === null ? 1 : status;
}
