/**
 * The code that says with which tab GraphiQL opens: `openTabs(committed)`, where each committed operation has a
 * name, a query and variables. The browser keeps the tabs. Those of operations that have changed since then get
 * the new text, unless it was edited here, and those of new operations are added.
 */
export const TABS_SCRIPT = `
const TABS = 'graphiql:tabState';
const LAST = 'graphiql:query';
const KNOWN = 'frontdesk:committed';

function readStored(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

/** Returns the new texts of changed operations by their old ones. */
function updateTabs(tabs, committed) {
  const known = readStored(KNOWN) ?? [];
  const changed = new Map();
  for (const { name, query, variables } of committed) {
    if (known.includes(query) || tabs.some((tab) => tab.query === query)) continue;
    const outdated = tabs.find((tab) => tab.operationName === name && known.includes(tab.query));
    if (outdated) {
      changed.set(outdated.query, query);
      outdated.query = query;
    } else {
      const unset = { hash: null, headers: null, response: null };
      tabs.push({ ...unset, id: name + Date.now(), title: name, operationName: name, query, variables });
    }
  }
  return changed;
}

function openTabs(committed) {
  const stored = readStored(TABS);
  const tabs = stored?.tabs ?? committed;
  const changed = stored ? updateTabs(tabs, committed) : new Map();
  if (stored) localStorage.setItem(TABS, JSON.stringify(stored));
  localStorage.setItem(KNOWN, JSON.stringify(committed.map(({ query }) => query)));

  const requested = new URLSearchParams(location.search).get('query');
  const last = requested ?? localStorage.getItem(LAST) ?? tabs[0]?.query;
  const initialQuery = changed.get(last) ?? last;
  // Otherwise the next visit opens the old text.
  if (changed.has(last)) localStorage.setItem(LAST, initialQuery);
  if (changed.has(requested)) {
    history.replaceState({}, '', '?' + new URLSearchParams({ query: initialQuery }));
  }
  // The query and the variables of a tab, because GraphiQL adds a tab for any others.
  const active = tabs[stored?.activeTabIndex ?? 0];
  const tab = [active, ...tabs].find((each) => each?.query === initialQuery);
  return { initialQuery, initialVariables: tab?.variables ?? '' };
}
`;
