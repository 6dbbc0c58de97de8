// Improves forms that work without it: a look at the password, and no second submission by a double click.

for (const button of document.querySelectorAll('.reveal-button')) {
  const input = button.parentElement.querySelector('input');
  const show = (shown) => {
    input.type = shown ? 'text' : 'password';
    button.setAttribute('aria-pressed', String(shown));
    button.setAttribute('aria-label', shown ? button.dataset.hide : button.dataset.show);
  };
  button.hidden = false;
  button.addEventListener('click', () => {
    show(input.type === 'password');
    input.focus();
  });
  // Password managers and the browser's history see a password field, never a text one.
  input.form.addEventListener('submit', () => show(false));
}

for (const form of document.forms) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = 'yes';
    form.setAttribute('aria-busy', 'true');
  });
}

// Back from the next page: the browser may show this one as it was left.
window.addEventListener('pageshow', () => {
  for (const form of document.forms) {
    delete form.dataset.sent;
    form.removeAttribute('aria-busy');
  }
});
