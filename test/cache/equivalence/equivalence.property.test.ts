/*
 * Property: the response cache changes no answer. Two instances of each BFF run in front of the
 * same services, one with a cache and one without; whenever no change is in progress, both answer
 * every request alike.
 *
 * A case is a list of generated documents (documents.ts: one for each root field and each field with
 * a rule of its own, and one committed operation) and a list of steps (steps.ts) that request them
 * as different viewers, by text or hash, over GET and POST, sequentially and concurrently, with
 * mutations in between that either BFF or a service executes (mutations.ts). What depends on a domain
 * (inputs of its mutations, candidate values, cursors) is in domains/, one file for each upstream.
 *
 * `npm test` runs EQUIVALENCE_RUNS=1 case for each BFF with a fixed seed; `npm run test:equivalence`
 * runs 110 with a random seed. A failure prints its seed: `SEED=<number> npm run test:equivalence`
 * replays it.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { anyone, inherited } from '../../../src/auth/rules.ts';
import { fieldRules, mergeTrees } from '../../../src/auth/shield.ts';
import type { BffDefinition } from '../../../src/bff.ts';
import { buildSchema } from '../../../src/server/build-schema.ts';
import { bffNames, loadBff } from '../../../tools/tree.ts';
import { committedOf } from '../../support/committed.ts';
import { startCachePair } from './cache-pair.ts';
import { openSessions } from './client.ts';
import { documentsCovering } from './documents.ts';
import { seededIds } from './domains/index.ts';
import { mutationsBy } from './mutations.ts';
import { createCoverage, createRunner } from './runner.ts';
import { stepsCalling } from './steps.ts';

const { EQUIVALENCE_RUNS, SEED } = process.env;
/** Cases for each BFF; each has about 25 steps. */
const RUNS = Number(EQUIVALENCE_RUNS ?? 1);
/** Covers every field in few cases. */
const SHORT_FORM_SEED = 15;
const seed = Number(SEED ?? (EQUIVALENCE_RUNS ? randomInt(2 ** 31) : SHORT_FORM_SEED));
/** Minimum selections of each root field, and of each field with a rule of its own. */
const MIN_SELECTIONS = Math.min(100, RUNS);
/** Minimum share of answers without errors, which alone are stored, and of hits among them. */
const MIN_WITHOUT_ERRORS = 0.25;
const MIN_HITS = 0.4;
/** Further sets of cases, if those before them cover too little: chance may leave a field out. */
const MAX_REPEATS = 4;
/** Time limit for shrinking a failing case. */
const SHRINKING_MS = 120_000;

const ids = await seededIds();

for (const bff of await Promise.all(bffNames().map(loadBff))) {
  describe(`Response cache of the ${bff.name} BFF`, () => {
    it('answers every request as the BFF answers it without a cache', async (t) => {
      const schema = buildSchema(bff);
      // Subscriptions are never stored.
      const fields = fieldsWithRules(bff).filter((field) => !field.startsWith('Subscription.'));
      const sessions = await openSessions();
      const coverage = createCoverage();
      const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});
      const testCase = fc.tuple(
        documentsCovering(
          schema,
          fields.filter((field) => !field.startsWith('Mutation.')),
          committedOf(bff).requests,
          ids,
        ),
        stepsCalling(mutations.map((mutation) => mutationsBy(mutation, ids))),
        fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
      );
      let shrinkUntil = Number.POSITIVE_INFINITY;
      const property = fc.asyncProperty(
        fc.noBias(testCase),
        async ([documents, steps, hasEvents]) => {
          if (performance.now() > shrinkUntil) return;
          await using pair = await startCachePair(bff, hasEvents);
          const runner = createRunner({ pair, documents, sessions, coverage });
          try {
            for (const step of steps) await runner.run(step);
          } catch (error) {
            shrinkUntil = Math.min(shrinkUntil, performance.now() + SHRINKING_MS);
            throw error;
          }
        },
      );

      let result = await fc.check(property, { numRuns: RUNS, seed });
      for (let repeat = 1; repeat <= MAX_REPEATS; repeat += 1) {
        if (result.failed || shortfall(coverage, fields) === undefined) break;
        result = await fc.check(property, { numRuns: RUNS, seed: seed + repeat });
      }

      const { answers, hits, mutations: sent } = coverage.counts;
      const [field, times] = coverage.leastSelected(fields);
      t.diagnostic(
        `SEED=${seed}: ${answers} answers, ${hits} hits, ${sent} mutations, least selected field ${field} (${times})`,
      );
      if (result.failed) {
        const { message } = result.errorInstance as Error;
        assert.fail(
          `SEED=${result.seed}, path "${result.counterexamplePath}", shrunk ${result.numShrinks} times: ${message}`,
        );
      }
      assert.equal(shortfall(coverage, fields), undefined);
    });
  });
}

/** @returns the coverage that is missing, if any */
function shortfall(
  coverage: ReturnType<typeof createCoverage>,
  fields: readonly string[],
): string | undefined {
  const { answers, withoutErrors, hits } = coverage.counts;
  const [field, times] = coverage.leastSelected(fields);
  if (times < MIN_SELECTIONS) return `${field} was selected only ${times} times`;
  if (withoutErrors < MIN_WITHOUT_ERRORS * answers) {
    return `only ${withoutErrors} of ${answers} answers have no errors`;
  }
  if (hits < MIN_HITS * withoutErrors) return `only ${hits} of ${withoutErrors} are hits`;
  return undefined;
}

/** Root fields, and fields whose rule differs from their parent's. */
function fieldsWithRules(bff: BffDefinition): string[] {
  const schema = buildSchema(bff);
  const tree = mergeTrees([...bff.domains, bff].map(({ permissions }) => permissions));
  const roots = [schema.getQueryType()?.name, schema.getMutationType()?.name];
  return fieldRules(schema, tree)
    .filter(([type, , rule]) => roots.includes(type) || (rule !== anyone && rule !== inherited))
    .map(([type, field]) => `${type}.${field}`);
}
