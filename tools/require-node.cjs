// Preloaded by every npm script: ends the process with one sentence if Node is too old to read the
// other files. Plain JavaScript in CommonJS, which every version of Node can run.
'use strict';
var current = process.versions.node;
var required = Number(/\d+/.exec(require('../package.json').engines.node)[0]);
if (parseInt(current, 10) < required) {
  process.stderr.write(
    `Frontdesk needs Node ${required} or newer, but this is Node ${current}: ` +
      `install Node ${required} from https://nodejs.org and run the command again.\n`,
  );
  process.exit(1);
}
