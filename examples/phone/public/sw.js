// Opens the page when there is no network: each file is taken from the network, and from the copy if that fails.
// The page stores its data itself (src/stored-copy.ts), so requests to the BFF are left alone.
const FILES = ['/', '/app.js', '/react.js', '/app.css', '/icon.svg'];

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open('files').then((copies) => copies.addAll(FILES)));
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (FILES.includes(new URL(request.url).pathname)) event.respondWith(answer(request));
});

async function answer(request) {
  const copies = await caches.open('files');
  try {
    const response = await fetch(request);
    if (response.ok) await copies.put(request, response.clone());
    return response;
  } catch {
    return (await copies.match(request, { ignoreVary: true })) ?? Response.error();
  }
}
