import { CAST } from '../../services/support/cast.ts';
import { aim, changeStraight } from './equivalence-changes.ts';
import {
  type Answer,
  idOf,
  type Request,
  type Sessions,
  send,
  type Viewer,
} from './equivalence-client.ts';
import { demandDecent, demandEqual, demandExecuted } from './equivalence-demands.ts';
import { openDiary } from './equivalence-diary.ts';
import type { Question } from './equivalence-questions.ts';
import type { Ask, Asker, ChangeStep, Step } from './equivalence-steps.ts';
import type { Tally } from './equivalence-tally.ts';
import type { Twins } from './equivalence-twins.ts';

interface Setup {
  readonly twins: Twins;
  readonly questions: readonly Question[];
  readonly sessions: Sessions;
  readonly tally: Tally;
}

interface Drawn {
  readonly viewer: Viewer;
  readonly request: Request;
}

/** Takes steps, and demands that both twins answer alike whenever nothing changes meanwhile. */
export function openModel({ twins, questions, sessions, tally }: Setup) {
  const diary = openDiary(questions);

  const headersOf = ({ viewer, session }: Pick<Asker, 'viewer' | 'session'>) =>
    sessions.get(viewer)?.[session] ?? {};

  function drawn(asks: readonly Ask[]): Drawn[] {
    return asks.flatMap((ask) => {
      const { operations } = questions[ask.question % questions.length] as Question;
      tally.draw(operations[ask.wording.operation % operations.length]?.fields ?? []);
      // Everyone asks twice, so that what anyone was answered is there for all.
      return [...ask.askers, ...ask.askers].map((asker) => ({
        viewer: asker.viewer,
        request: requestOf(ask, asker),
      }));
    });
  }

  function requestOf({ question, wording }: Ask, asker: Asker): Request {
    const { texts, operations, sets } = questions[question % questions.length] as Question;
    const { set, operation, text, language } = { ...wording, ...asker.own };
    const given = Object.entries(sets[set] ?? {});
    const entries = asker.isReversed ? given.reverse() : given;
    const more = asker.hasMore ? { nobodyAskedForThis: 1 } : {};
    const { cacheControl } = asker;
    return {
      text: texts[text % texts.length] ?? '',
      operationName: operations[operation % operations.length]?.name,
      variables: { ...Object.fromEntries(entries), ...more },
      way: asker.way,
      headers: {
        ...headersOf(asker),
        ...(language && { 'accept-language': language }),
        ...(cacheControl && { 'cache-control': cacheControl }),
      },
    };
  }

  async function askCached({ viewer, request }: Drawn): Promise<Answer> {
    diary.note(viewer, request);
    const answer = await send(twins.cached, request);
    tally.answer(answer);
    demandExecuted(answer, request);
    return answer;
  }

  async function inTurn(asks: readonly Ask[]) {
    for (const one of drawn(asks)) {
      demandEqual(await askCached(one), await send(twins.plain, one.request), one.viewer);
    }
  }

  async function atOnce(asks: readonly Ask[]) {
    const all = drawn(asks);
    const answers = await Promise.all(all.map(askCached));
    // The plain twin shares what is under way as well, so it is never asked at once.
    for (const [at, { viewer, request }] of all.entries()) {
      demandEqual(answers[at] as Answer, await send(twins.plain, request), viewer);
    }
  }

  /** Asks the cached twin alone, for what it leaves behind. */
  const meanwhile = (asks: readonly Ask[]) =>
    Promise.all(
      drawn(asks).map(async ({ viewer, request }) => {
        diary.note(`meanwhile ${viewer}`, request);
        demandDecent(await send(twins.cached, request), viewer);
      }),
    );

  async function change(step: ChangeStep) {
    const { change, viewer, owner, before, during, jitterMs, isRepeated } = step;
    const by = twins.areTold ? step.by : 'cached';
    await inTurn(before);
    const { variables, straight } = await aim(
      twins,
      change,
      owner ?? idOf(viewer) ?? CAST.customer,
    );
    const request: Request = {
      text: change.text,
      operationName: undefined,
      variables,
      way: 'POST',
      headers: headersOf({ viewer, session: 0 }),
    };

    async function make() {
      diary.note(`${viewer} through ${by}`, request);
      const answer =
        by === 'straight' ? await changeStraight(twins, straight) : await send(twins[by], request);
      twins.slowDown(0);
      // Whoever asks from now on must not be given what others began to ask for before.
      await inTurn([...before, ...during]);
      return answer;
    }

    twins.slowDown(jitterMs);
    const [made] = await Promise.all([make(), meanwhile(during)]);
    await inTurn(during);
    if (!made || by === 'straight') return;
    tally.change();
    tally.draw([`Mutation.${change.field}`]);
    demandDecent(made, viewer);
    if (!isRepeated) return;
    const again = await send(by === 'cached' ? twins.plain : twins.cached, request);
    const [cached, plain] = by === 'cached' ? [made, again] : [again, made];
    demandEqual(cached, plain, viewer);
  }

  async function take(step: Step): Promise<unknown> {
    if (step.kind === 'change') return change(step);
    return step.kind === 'ask' ? inTurn(step.asks) : atOnce(step.asks);
  }

  return {
    async take(step: Step) {
      try {
        await take(step);
      } catch (error) {
        throw new Error(`${(error as Error).message}\n${diary.tell()}`, { cause: error });
      }
    },
  };
}
