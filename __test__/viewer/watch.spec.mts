// The watch over pages, without which the tests of the viewer would prove nothing: what a page tries is seen.

import { writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { openFile, watchFile } from '../helpers/chromium.mts';
import { newPath } from '../helpers/folders.mts';
import { testWith } from '../helpers/parts.mts';

const escapes: Readonly<Record<string, string>> = {
  'an image': '<img src="http://198.51.100.7/image">',
  'a prefetch': '<link rel="prefetch" href="http://198.51.100.7/prefetch">',
  'a style sheet': '<link rel="stylesheet" href="http://198.51.100.7/style.css">',
  'a beacon': '<script>navigator.sendBeacon("http://198.51.100.7/beacon")</script>',
  'a fetch': '<script>fetch("http://198.51.100.7/fetch").catch(() => {})</script>',
  'a ping': '<a href="#here" ping="http://198.51.100.7/ping">x</a><script>document.querySelector("a").click()</script>',
  'a form': '<form action="http://198.51.100.7/form"></form><script>document.querySelector("form").submit()</script>',
  'a navigation': '<script>location.href = "http://198.51.100.7/away"</script>',
  'a refresh': '<meta http-equiv="refresh" content="0;url=http://198.51.100.7/refresh">',
  'a window': '<script>window.open("about:blank#away")</script>',
  'a download': '<a href="data:text/plain,x" download="x">x</a><script>document.querySelector("a").click()</script>',
  'an error': '<script>throw new Error("away")</script>',
  'another file': '<iframe src="file:///etc/hostname"></iframe>',
};

function newPage(t: ExecutionContext, content: string): string {
  const path = newPath(t, 'page.html');
  writeFileSync(path, content);
  return path;
}

// One after the other: a browser that opens a dozen pages at once takes half as long again for them.
for (const [title, markup] of Object.entries(escapes)) {
  testWith.serial(['chromium'], `${title} is seen`, async (t) => {
    const { attempts } = await watchFile(t, newPage(t, `<!doctype html><body>${markup}`));
    for (let tries = 0; tries < 1000 && attempts.length === 0; tries += 1) await wait(50);
    t.regex(attempts.join('\n'), /^(request|connection|navigation|window|download|error|console) .*(198\.51\.100\.7|away|data:|hostname)/m);
  });
}

testWith.serial(['chromium'], 'a quiet page is left alone', async (t) => {
  const path = newPage(t, '<!doctype html><title>quiet</title><p>x<script>location.hash = "#seq=1"</script>');
  const page = await openFile(t, path, { link: '#seq=0' });
  await wait(1000);
  t.regex(page.url(), /^file:.*\/page\.html#seq=1$/);
});
