// Sends a form with a file in it and tells how far it is, which `fetch` cannot.

/**
 * Resolves with the status and the JSON of whatever was answered; rejects where nothing was.
 * `progress` is told a number from 0 to 1, and 1 while the server works on the picture. `signal` gives it up.
 */
export function send(address, form, { headers = {}, progress = () => {}, signal } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', address);
    request.responseType = 'text';
    request.setRequestHeader('Accept', 'application/json');
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    });
    request.upload.addEventListener('load', () => progress(1));
    request.addEventListener('load', () => {
      let body = {};
      try {
        body = JSON.parse(request.responseText);
      } catch {
        // A proxy's own page: the status says enough.
      }
      resolve({ status: request.status, body });
    });
    for (const end of ['error', 'abort', 'timeout']) {
      request.addEventListener(end, () => reject(new Error(`no answer: ${end}`)));
    }
    signal?.addEventListener('abort', () => request.abort());
    request.send(form);
  });
}
