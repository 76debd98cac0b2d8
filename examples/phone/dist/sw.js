// Opens the page when there is no network: each file is taken from the network, and from the copy if that fails.
// The page stores its data itself (src/stored-copy.ts), so requests to the BFF are left alone.
const FILES = ['/', '/app.js', '/react.js', '/app.css', '/icon.svg'];

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open('files').then((copies) => copies.addAll(FILES)));
});

self.addEventListener('fetch', (event) => {
  const { pathname } = new URL(event.request.url);
  if (FILES.includes(pathname)) event.respondWith(answer(event.request, pathname));
});

async function answer(request, pathname) {
  const copies = await caches.open('files');
  try {
    const response = await fetch(request);
    if (response.ok) await copies.put(pathname, response.clone());
    return response;
  } catch {
    return (await copies.match(pathname, { ignoreVary: true })) ?? Response.error();
  }
}
