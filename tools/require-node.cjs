// Preloaded by every npm script: exits with one sentence if Node is too old to run the other files, or
// if the packages are not installed. Plain CommonJS, which every version of Node can run.
'use strict';
var manifest = require('../package.json');
var current = process.versions.node;
var required = Number(/\d+/.exec(manifest.engines.node)[0]);
var isOld = parseInt(current, 10) < required;
var platform = process.platform === 'win32' ? 'win' : process.platform;
var isBundled = `node-${platform}-${process.arch}` in manifest.optionalDependencies;

function hasPackages() {
  try {
    require.resolve('graphql/package.json');
    return true;
  } catch (error) {
    return error.code !== 'MODULE_NOT_FOUND';
  }
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

// If a package contains a Node for this platform, installing the packages also replaces an old Node.
if ((isBundled || !isOld) && !hasPackages()) {
  fail('The packages of Frontdesk are not installed: run "npm ci" first.');
}
if (isOld) {
  fail(
    `Frontdesk needs Node ${required} or newer, but this is Node ${current}: ` +
      `install Node ${required} from https://nodejs.org and run the command again.`,
  );
}
