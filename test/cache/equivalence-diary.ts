import type { Request } from './equivalence-client.ts';
import type { Question } from './equivalence-questions.ts';

const MOST_TOLD = 16;

/** Remembers what was asked in one run, and tells the last of it with the texts it is about. */
export function openDiary(questions: readonly Question[]) {
  const lines: string[] = [];
  const names = new Map(
    questions.flatMap(({ texts }, at) =>
      texts.map((text, spelling) => [text, `question ${at} in spelling ${spelling}`] as const),
    ),
  );

  return {
    note(who: string, { text, way, headers, ...rest }: Request) {
      const language = headers['accept-language'] ?? 'any language';
      const how = headers['cache-control'] ? `${way} with ${headers['cache-control']}` : way;
      const what = names.get(text) ?? text;
      lines.push(`${who}, ${language}, ${how}: ${what} ${JSON.stringify(rest)}`);
    },

    tell(): string {
      const told = lines.slice(-MOST_TOLD);
      const texts = questions.flatMap(({ texts: [text] }, at) =>
        told.some((line) => line.includes(`question ${at} `)) ? [`question ${at}: ${text}`] : [],
      );
      return `The last of ${lines.length} steps:\n  ${[...told, ...texts].join('\n  ')}`;
    },
  };
}
