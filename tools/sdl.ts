import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GraphQLError, parse, Source } from 'graphql';

/**
 * Runs a tool and prints the reason of a failure without a stack trace.
 * @param tool - returns whether it succeeded
 */
export async function main(tool: () => Promise<boolean>): Promise<void> {
  try {
    // Parsed here, because later parsers don't know the file names.
    parseSdl();
    if (!(await tool())) process.exitCode = 1;
  } catch (error) {
    console.error(explain(error));
    process.exitCode = 1;
  }
}

/** @throws GraphQLError that shows the file and the line */
function parseSdl(): void {
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  for (const path of globSync('schema/**/*.graphql', { cwd })) {
    parse(new Source(readFileSync(`${cwd}/${path}`, 'utf8'), path));
  }
}

function explain(error: unknown): unknown {
  if (error instanceof AggregateError) return explain(error.errors[0]);
  if (error instanceof GraphQLError) return String(error);
  return error instanceof Error && error.constructor === Error ? error.message : error;
}
