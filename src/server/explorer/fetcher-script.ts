/** The result of introspection, which no token or list of accepted operations limits. */
export const SCHEMA_PATH = '/graphiql/schema.json';

/**
 * The code by which GraphiQL sends operations: `fetcher(params, { headers, documentAST })`. Texts are sent as
 * they are, so that committed operations have their hash. Subscriptions are server-sent events; GraphiQL takes
 * them as an observable.
 */
export const FETCHER_SCRIPT = `
function send(path, accept, params, headers, signal) {
  return fetch(path, {
    method: 'POST',
    headers: {
      accept,
      'content-type': 'application/json',
      // For a session, if there is no token.
      'x-csrf-protection': '1',
      ...headers,
    },
    body: JSON.stringify(params),
    signal,
  });
}

const JSON_TYPES = 'application/graphql-response+json, application/json';
const isSubscription = ({ operationName }, { definitions }) =>
  definitions.some(({ operation, name }) =>
    operation === 'subscription' && (!operationName || name?.value === operationName));

async function readEvents(body, onResult) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const events = (text + value).split('\\n\\n');
    text = events.pop();
    for (const event of events) {
      const data = /^data: (.+)$/m.exec(event)?.[1];
      if (data) onResult(JSON.parse(data));
    }
  }
}

const subscribe = (params, headers) => ({
  subscribe({ next, error, complete }) {
    const controller = new AbortController();
    const accept = 'text/event-stream, ' + JSON_TYPES;
    send('/graphql/stream', accept, params, headers, controller.signal)
      .then(async (response) => {
        if (response.ok) await readEvents(response.body, next);
        else next(await response.json());
      })
      .then(complete, (reason) => controller.signal.aborted || error(reason));
    return { unsubscribe: () => controller.abort() };
  },
});

async function fetcher(params, { headers, documentAST }) {
  // GraphiQL's own query: a document of the editor has an AST.
  if (!documentAST) return (await fetch('${SCHEMA_PATH}')).json();
  if (documentAST && isSubscription(params, documentAST)) return subscribe(params, headers);
  return (await send('/graphql', JSON_TYPES, params, headers)).json();
}
`;
