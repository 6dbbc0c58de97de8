// The photo editor: choose or drop a picture, choose its square, upload, look at what the server made of it, confirm. What
// goes up is the original with the square beside it (`crop`), so that it is compressed once. A picture that this browser
// cannot read goes as the plain form that is there without JavaScript; the server says what is wrong with it.

import { Cropper } from './crop.js';
import { send } from './upload.js';

const STAGE = '/api/users/upload-profile-picture/';
const CONFIRM = '/api/users/confirm-profile-picture/';
const UPLOADS = '/api/users/profile-picture-uploads/';

/** What the server said no to, in a sentence for the person. */
class Refused extends Error {}

const by = (id) => document.getElementById(id);
const form = by('photo');
if (form) begin();

function begin() {
  const input = by('photo-file');
  const staged = by('photo-staged');
  const panel = form.closest('.panel');
  const cropper = new Cropper({
    picture: form.querySelector('.crop-picture'),
    box: by('photo-crop'),
    slider: by('photo-size'),
    said: by('photo-crop-said'),
    previews: form.querySelectorAll('.preview'),
  });
  const headers = { 'X-CSRFToken': form.elements.csrf.value, 'Accept-Language': form.dataset.lang };
  /** What the server keeps for us until it is confirmed; the picture that is edited; what is on its way. */
  let upload, file, sending;

  // --- What is seen -------------------------------------------------------------------------------------------------

  /** `idle`: nothing chosen. `plain`: chosen, but not to be edited. `editing`, `sending`, `staged`. */
  function show(state) {
    form.dataset.state = state;
    const editing = state === 'editing' || state === 'sending';
    by('photo-drop').hidden = editing || state === 'staged';
    by('photo-editor').hidden = !editing;
    // What is under way is not changed any more.
    by('photo-editor').inert = state === 'sending';
    form.querySelector('.preview').hidden = !editing;
    by('photo-sending').hidden = state !== 'sending';
    by('photo-cancel').hidden = state === 'idle' || state === 'staged';
    form.hidden = state === 'staged';
    staged.hidden = state !== 'staged';
    // What forms.js did to keep a form from being sent twice.
    for (const sent of [form, staged]) {
      delete sent.dataset.sent;
      if (state !== 'sending') sent.removeAttribute('aria-busy');
    }
  }

  function tell(id, text) {
    for (const other of ['photo-problem', 'photo-notice']) by(other).hidden = true;
    if (!text) return;
    by(id).textContent = text;
    by(id).hidden = false;
  }

  /** The server's own sentence, or that nothing arrived. */
  const problem = (what) => tell('photo-problem', (what instanceof Refused ? what.message : what.text) || form.dataset.failed);

  // --- Choosing -----------------------------------------------------------------------------------------------------

  function empty() {
    cropper.close();
    file = undefined;
    form.reset();
    show('idle');
  }

  async function choose() {
    const chosen = input.files[0];
    cropper.close();
    tell();
    // What the page said of the photo before is not said of this one.
    for (const flash of document.querySelectorAll('.column > .flash')) flash.hidden = true;
    if (!chosen) return empty();
    if (chosen.size > Number(input.dataset.maxBytes)) {
      empty();
      return problem({ text: input.dataset.tooLarge });
    }
    file = chosen;
    try {
      // Orientation is applied by the browser, as the server does.
      const bitmap = await createImageBitmap(chosen);
      if (file !== chosen) return bitmap.close();
      show('editing');
      cropper.open(bitmap);
      by('photo-crop').focus();
    } catch {
      if (file === chosen) show('plain');
    }
  }

  input.addEventListener('change', choose);
  form.querySelector('.drop-words').hidden = false;
  // The plain form replaces the photo at once; here that is asked once more.
  const press = form.querySelector('button[type=submit]');
  press.textContent = press.dataset.upload;

  const carriesFiles = (event) => event.dataTransfer?.types.includes('Files');
  for (const kind of ['dragover', 'drop']) {
    // Beside the panel a dropped file would take the place of the page.
    window.addEventListener(kind, (event) => carriesFiles(event) && event.preventDefault());
  }
  panel.addEventListener('dragover', (event) => carriesFiles(event) && panel.classList.add('over'));
  panel.addEventListener('dragleave', (event) => panel.contains(event.relatedTarget) || panel.classList.remove('over'));
  panel.addEventListener('drop', (event) => {
    panel.classList.remove('over');
    if (!carriesFiles(event) || form.dataset.state === 'sending' || form.dataset.state === 'staged') return;
    if (event.dataTransfer.files.length > 1) return problem({ text: form.dataset.many });
    input.files = event.dataTransfer.files;
    choose();
  });

  by('photo-cancel').addEventListener('click', () => {
    if (sending) return sending.abort();
    empty();
    tell('photo-notice', form.dataset.cancelled);
    input.focus();
  });

  // --- Uploading ----------------------------------------------------------------------------------------------------

  function progress(part) {
    const said = by('photo-progress-said');
    const bar = by('photo-progress');
    if (part < 1) {
      bar.value = part;
      said.textContent = said.dataset.sending.replace('%p', String(Math.floor(100 * part)));
    } else {
      // How long the server takes nobody knows.
      bar.removeAttribute('value');
      said.textContent = said.dataset.working;
    }
  }

  form.addEventListener('submit', async (event) => {
    if (form.dataset.state !== 'editing' || event.defaultPrevented) return;
    event.preventDefault();
    tell();
    show('sending');
    progress(0);
    const fields = new FormData();
    fields.set('crop', String(cropper.square));
    fields.set('alt_text', form.elements.alt_text.value);
    fields.set('image', file, file.name);
    sending = new AbortController();
    try {
      const { status, body } = await send(STAGE, fields, { headers, progress, signal: sending.signal });
      if (status !== 201) throw new Refused(body.message);
      upload = body;
      // The path alone: the page may have been opened by another name of the host.
      const { pathname, search } = new URL(upload.preview_url, location.href);
      by('photo-staged-picture').src = pathname + search;
      show('staged');
      by('photo-confirm').focus();
    } catch (error) {
      show('editing');
      if (sending.signal.aborted) tell('photo-notice', form.dataset.cancelled);
      else problem(error);
    } finally {
      sending = undefined;
    }
  });

  // --- Confirming ---------------------------------------------------------------------------------------------------

  async function call(method, address, body) {
    const answer = await fetch(address, {
      method,
      headers: { ...headers, Accept: 'application/json', 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Refused((await answer.json().catch(() => ({}))).message);
  }

  staged.addEventListener('submit', async (event) => {
    const again = event.defaultPrevented;
    event.preventDefault();
    if (again) return;
    try {
      await call('POST', CONFIRM, { upload_id: upload.id });
      location.assign('/account?done=photo-updated');
    } catch (error) {
      show('editing');
      problem(error);
    }
  });

  /** The server may forget it at once; if it does not hear of it, it forgets it by itself. */
  const discard = () => call('DELETE', `${UPLOADS}${encodeURIComponent(upload.id)}/`, {}).catch(() => {});

  by('photo-again').addEventListener('click', () => {
    discard();
    show('editing');
    by('photo-crop').focus();
  });
  by('photo-discard').addEventListener('click', () => {
    discard();
    empty();
    tell('photo-notice', form.dataset.cancelled);
    input.focus();
  });

  // Back from the next page, or reloaded: the browser may remember a file that was chosen.
  window.addEventListener('pageshow', () => {
    if (input.files.length && !form.dataset.state) choose();
  });
  if (!input.files.length) show('idle');
}
