// Keeps the page of today for a phone without a network, until somebody logs out.
"use strict";
const PAGES = "pages";
const FILES = "files"; // and the version, which the server adds: with another one all are stored again
const KEPT = "/";
const OFFLINE = "/offline";
const SHOWN = []; // what the pages need, which the server adds

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(FILES).then((files) => files.addAll([OFFLINE, ...SHOWN])));
});

self.addEventListener("activate", (event) => event.waitUntil(begin()));

async function begin() {
  const others = (await caches.keys()).filter((name) => name !== FILES && name !== PAGES);
  await Promise.all(others.map((name) => caches.delete(name)));
  await self.clients.claim();
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(file(event.request));
  else if (event.request.mode === "navigate") event.respondWith(page(event.request, url));
});

// A static file's name changes with what it holds.
async function file(request) {
  const files = await caches.open(FILES);
  const known = await files.match(request);
  if (known) return known;
  const answer = await fetch(request);
  if (answer.ok) await files.put(request, answer.clone());
  return answer;
}

async function page(request, url) {
  let answer;
  try {
    answer = await fetch(request);
  } catch {
    const kept = url.pathname === KEPT && (await caches.match(KEPT));
    return kept || (await caches.match(OFFLINE)) || Response.error();
  }
  // Nobody who is logged out, or was shut out, goes on reading.
  if (url.pathname === "/login" || new URL(answer.url || url).pathname === "/login") await caches.delete(PAGES);
  else if (url.pathname === KEPT && answer.ok && !url.search) {
    const pages = await caches.open(PAGES);
    await pages.put(KEPT, answer.clone());
  }
  return answer;
}
