// Galleries that answer at once: several files, shown before they are sent; captions, order and removal without leaving
// the page. Every form here works without this module; with it the same form goes to the API instead.

import { send } from './upload.js';

const list = document.getElementById('pictures');
const blank = document.getElementById('picture');
const add = document.getElementById('add');
const said = document.getElementById('said');
const token = add.dataset.csrf;

// --- What became of it ----------------------------------------------------------------------------------------------

let silence;

function say(message, problem = false) {
  const line = document.createElement('p');
  line.className = problem ? 'flash flash-problem' : 'flash flash-notice';
  line.textContent = message;
  said.replaceChildren(line);
  clearTimeout(silence);
  // A problem stays until something else is said.
  if (!problem) silence = setTimeout(() => said.replaceChildren(), 6000);
}

/** Sends JSON to the API. `undefined` where it was refused, which is said then. */
async function ask(address, body) {
  try {
    const answer = await fetch(address, {
      method: 'POST',
      headers: { 'X-CSRFToken': token, 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify(body),
    });
    const told = await answer.json();
    if (answer.ok) return told;
    say(told.message, true);
  } catch {
    say(said.dataset.failed, true);
  }
  return undefined;
}

// --- The list ---------------------------------------------------------------------------------------------------------

const pictures = () => [...list.children];

/** Whatever names a picture by its place is named anew. */
function number() {
  const all = pictures();
  all.forEach((item, index) => {
    const place = String(index + 1);
    item.querySelector('.picture-place').textContent = place;
    for (const named of item.querySelectorAll('[data-name]')) {
      named.setAttribute('aria-label', named.dataset.name.replace('{n}', place));
    }
    item.querySelector('img').alt = item.dataset.caption || item.dataset.alt.replace('{n}', place);
    const [up, down] = item.querySelectorAll('.step');
    if (up) up.disabled = index === 0;
    if (down) down.disabled = index === all.length - 1;
  });
  document.getElementById('none').hidden = all.length > 0;
  const full = all.length >= Number(add.dataset.most);
  add.hidden = full || 'blocked' in add.dataset;
  document.getElementById('add-file').disabled = add.hidden;
  document.getElementById('full').hidden = !full;
}

for (const item of pictures()) item.dataset.caption = item.querySelector('[name=caption]')?.value ?? '';

function show(image) {
  const item = blank.content.firstElementChild.cloneNode(true);
  for (const element of [item, ...item.querySelectorAll('*')]) {
    for (const attribute of element.attributes) {
      // What holds a place is made anew from its `data-` twin.
      attribute.value = attribute.value.replace('{id}', image.id);
    }
  }
  const picture = item.querySelector('img');
  picture.width = image.width;
  picture.height = image.height;
  picture.src = image.variants['800'] ?? image.url;
  item.dataset.caption = image.caption;
  list.append(item);
  number();
}

/** Where the keyboard goes on when the thing that it was on is gone. */
function focus(item, preferred) {
  const target = preferred && !preferred.disabled
    ? preferred
    : item?.querySelector('button:not(:disabled), summary, input:not([type=hidden])');
  (target ?? document.getElementById('add-file')).focus();
}

async function move(item, button) {
  const up = button.value === 'up';
  const other = up ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return;
  // At once, as it will be; back where the server says no.
  if (up) other.before(item);
  else other.after(item);
  number();
  focus(item, button);
  if (button.disabled) focus(item, item.querySelector('.step:not(:disabled)'));
  const place = String(pictures().indexOf(item) + 1);
  if (await ask(list.dataset.api, { order: pictures().map((each) => each.dataset.id) })) {
    say(said.dataset.moved.replace('{n}', place));
  } else {
    if (up) other.after(item);
    else other.before(item);
    number();
    focus(item, button);
  }
}

async function remove(item, form) {
  const told = await ask(form.dataset.api, {});
  if (!told) return;
  const next = item.nextElementSibling ?? item.previousElementSibling;
  item.remove();
  number();
  focus(next);
  say(told.message);
}

async function caption(item, form) {
  const input = form.elements.caption;
  if (input.value.trim() === item.dataset.caption) return;
  const told = await ask(form.dataset.api, { caption: input.value });
  if (!told) return;
  item.dataset.caption = told.caption;
  if (document.activeElement !== input) input.value = told.caption;
  number();
  say(told.message);
}

// One change after the other, in the order in which they were asked for: each counts on the one before.
let last = Promise.resolve();
const queue = (work) => {
  last = last.then(work, work);
};

list.addEventListener('submit', (event) => {
  event.preventDefault();
  event.stopImmediatePropagation();
  const form = event.target;
  const item = form.closest('.picture');
  if (form.classList.contains('move')) queue(() => move(item, event.submitter));
  else if (form.classList.contains('remove')) queue(() => remove(item, form));
  else queue(() => caption(item, form));
}, { capture: true });

// In place: leaving the field is enough.
list.addEventListener('change', (event) => {
  if (event.target.name === 'caption') queue(() => caption(event.target.closest('.picture'), event.target.form));
});

// Nothing stands over the question.
list.addEventListener('toggle', (event) => {
  if (event.target.open) said.replaceChildren();
}, { capture: true });

// Escape closes the question.
list.addEventListener('keydown', (event) => {
  const question = event.key === 'Escape' && event.target.closest('details[open]');
  if (!question) return;
  question.open = false;
  question.querySelector('summary').focus();
});

// --- Choosing and sending ------------------------------------------------------------------------------------------------

const input = document.getElementById('add-file');
const chosen = add.querySelector('.chosen');
const button = document.getElementById('upload');
/** @type {Map<Element, File>} */
const waiting = new Map();
let sending = false;

input.multiple = true;
add.classList.add('several');
input.required = false;
// No button of a form any more: Enter in a field must not press it.
button.type = 'button';
button.disabled = true;
for (const hint of add.querySelectorAll('.drop-hint')) hint.hidden = false;

/** Why a file is refused before it is sent, in words. */
function refusal(file) {
  if (!input.accept.split(',').includes(file.type)) return input.dataset.wrongType;
  return file.size > Number(input.dataset.maxBytes) ? input.dataset.tooLarge : undefined;
}

/** Small, and as the server will turn it. */
async function preview(canvas, file) {
  try {
    const image = await createImageBitmap(file, { resizeWidth: 240, resizeQuality: 'medium' });
    canvas.width = image.width;
    canvas.height = image.height;
    canvas.getContext('2d').drawImage(image, 0, 0);
    image.close();
  } catch {
    // Not an image that this browser reads: the server says what is wrong with it.
  }
}

function choose(files) {
  for (const file of files) {
    const problem = pictures().length + waiting.size >= Number(add.dataset.most) ? add.dataset.tooMany : refusal(file);
    if (problem) {
      say(`${file.name}: ${problem}`, true);
      continue;
    }
    const item = document.createElement('li');
    item.className = 'pending';
    const canvas = document.createElement('canvas');
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', file.name);
    const name = document.createElement('bdi');
    name.textContent = file.name;
    const bar = document.createElement('progress');
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute('aria-label', add.dataset.progress.replace('{name}', file.name));
    const out = document.createElement('button');
    out.type = 'button';
    out.className = 'pending-out';
    out.setAttribute('aria-label', add.dataset.leaveOut.replace('{name}', file.name));
    out.textContent = '×';
    out.addEventListener('click', () => {
      const next = item.nextElementSibling ?? item.previousElementSibling;
      forget(item);
      (next?.querySelector('.pending-out') ?? input).focus();
    });
    item.append(canvas, name, bar, out);
    chosen.append(item);
    waiting.set(item, file);
    preview(canvas, file);
  }
  input.value = '';
  settle();
}

function forget(item) {
  waiting.delete(item);
  item.remove();
  settle();
}

function settle() {
  chosen.hidden = waiting.size === 0;
  button.disabled = waiting.size === 0 || sending;
}

async function upload() {
  sending = true;
  settle();
  let message;
  let refused = false;
  for (const [item, file] of [...waiting]) {
    // Taken out while another one was on its way.
    if (!waiting.has(item)) continue;
    item.classList.add('on-its-way');
    item.querySelector('.pending-out').disabled = true;
    const form = new FormData();
    form.append('image', file);
    form.append('csrfmiddlewaretoken', token);
    const bar = item.querySelector('progress');
    try {
      const progress = (part) => { bar.value = part; };
      const { status, body } = await send(add.dataset.api, form, { headers: { 'X-CSRFToken': token }, progress });
      if (status === 201) {
        forget(item);
        show(body);
        message = body.message;
        continue;
      }
      say(`${file.name}: ${body.message ?? said.dataset.failed}`, true);
    } catch {
      say(`${file.name}: ${said.dataset.failed}`, true);
    }
    refused = true;
    // It stays among the chosen ones, to be tried again or left out.
    item.classList.remove('on-its-way');
    item.querySelector('.pending-out').disabled = false;
    bar.value = 0;
  }
  sending = false;
  settle();
  if (message && !refused) say(message);
  if (!add.hidden && waiting.size === 0) input.focus({ preventScroll: true });
}

input.addEventListener('change', () => choose(input.files));
button.addEventListener('click', () => {
  if (!sending) upload();
});

// What was chosen is sent before the form that leaves the page; what was refused keeps it here, with its reason.
const main = document.getElementById('gallery');
main.addEventListener('submit', async (event) => {
  if (waiting.size === 0 && !sending) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (sending) return;
  await upload();
  if (waiting.size === 0) main.requestSubmit();
}, { capture: true });

// A file that misses the zone would be opened instead of the page.
for (const kind of ['dragover', 'drop']) {
  window.addEventListener(kind, (event) => event.preventDefault());
}
let depth = 0;
const over = (change) => {
  depth = Math.max(0, depth + change);
  add.classList.toggle('over', depth > 0);
};
add.addEventListener('dragenter', () => over(1));
add.addEventListener('dragleave', () => over(-1));
add.addEventListener('drop', (event) => {
  depth = 0;
  over(0);
  choose(event.dataTransfer.files);
});

// --- A new gallery: an organization that is there, or a name for one ------------------------------------------------------

const select = document.getElementById('gallery-organization');
if (select) {
  const another = document.getElementById('new-organization');
  const name = another.querySelector('input');
  const follow = () => {
    another.hidden = select.value !== '';
    name.required = select.value === '';
  };
  select.addEventListener('change', follow);
  follow();
}

number();
