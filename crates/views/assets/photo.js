// Shows the centre square of the chosen photo before it is uploaded, and refuses at once what the server would refuse.

const input = document.getElementById('photo-file');
const canvas = document.querySelector('#photo .preview');

input?.addEventListener('change', async () => {
  const file = input.files[0];
  canvas.hidden = true;
  const tooLarge = file && file.size > Number(input.dataset.maxBytes);
  input.setCustomValidity(tooLarge ? input.dataset.tooLarge : '');
  if (tooLarge) {
    input.reportValidity();
    return;
  }
  if (!file) return;
  try {
    // Orientation is applied by the browser, as the server does.
    const image = await createImageBitmap(file);
    if (input.files[0] !== file) return;
    const side = Math.min(image.width, image.height);
    canvas.getContext('2d').drawImage(
      image,
      (image.width - side) / 2, (image.height - side) / 2, side, side,
      0, 0, canvas.width, canvas.height,
    );
    image.close();
    canvas.hidden = false;
  } catch {
    // Not an image that this browser reads: the server says what is wrong with it.
  }
});
