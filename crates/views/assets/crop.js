// Choosing a square in a picture, by pointer, by keyboard and by a slider. All numbers are pixels of the upright picture,
// which is what the server crops.

/** The square: whole numbers, always inside the picture. */
export class Square {
  constructor(width, height, least) {
    Object.assign(this, { width, height, most: Math.min(width, height) });
    this.least = Math.min(least, this.most);
    this.centre();
  }

  /** The largest one, in the middle. */
  centre() {
    this.side = this.most;
    this.to((this.width - this.side) / 2, (this.height - this.side) / 2);
  }

  to(x, y) {
    this.x = Math.round(Math.min(Math.max(x, 0), this.width - this.side));
    this.y = Math.round(Math.min(Math.max(y, 0), this.height - this.side));
  }

  by(dx, dy) {
    this.to(this.x + dx, this.y + dy);
  }

  /** Around its middle. */
  resize(side) {
    const grown = Math.round(Math.min(Math.max(side, this.least), this.most)) - this.side;
    this.side += grown;
    this.by(-grown / 2, -grown / 2);
  }

  /** The corner `grip` (`nw`, `ne`, `sw`, `se`) follows a point; the opposite one stays. */
  pull(grip, x, y) {
    const west = grip.includes('w');
    const north = grip.includes('n');
    const fixedX = west ? this.x + this.side : this.x;
    const fixedY = north ? this.y + this.side : this.y;
    const room = Math.min(west ? fixedX : this.width - fixedX, north ? fixedY : this.height - fixedY);
    const wanted = Math.max(west ? fixedX - x : x - fixedX, north ? fixedY - y : y - fixedY);
    this.side = Math.round(Math.min(Math.max(wanted, this.least), room));
    this.to(west ? fixedX - this.side : fixedX, north ? fixedY - this.side : fixedY);
  }

  toString() {
    return `${this.x},${this.y},${this.side}`;
  }
}

/** Of the longer side of the canvas in which the picture is shown. */
const SHOWN = 1024;
/** No smaller square can be chosen; the server would take 16. */
const LEAST = 32;
/** Screen readers are told where the square is once it rests. */
const REST = 350;

/** The square over its picture, in the markup of photo-editor.html. */
export class Cropper {
  constructor({ picture, box, slider, said, previews }) {
    Object.assign(this, { picture, box, slider, said, previews });
    this.stage = picture.parentElement;
    box.addEventListener('keydown', (event) => this.key(event));
    slider.addEventListener('input', () => this.change((square) => square.resize(Number(slider.value))));
    this.stage.addEventListener('pointerdown', (event) => this.grab(event));
  }

  /** `bitmap` as the browser turned it upright. */
  open(bitmap) {
    this.bitmap = bitmap;
    this.square = new Square(bitmap.width, bitmap.height, LEAST);
    const scale = SHOWN / Math.max(bitmap.width, bitmap.height);
    this.picture.width = Math.max(1, Math.round(bitmap.width * scale));
    this.picture.height = Math.max(1, Math.round(bitmap.height * scale));
    this.picture.getContext('2d').drawImage(bitmap, 0, 0, this.picture.width, this.picture.height);
    this.stage.style.setProperty('--ratio', String(bitmap.width / bitmap.height));
    this.slider.min = String(this.square.least);
    this.slider.max = String(this.square.most);
    this.change(() => {});
    this.say();
  }

  close() {
    this.bitmap?.close();
    this.bitmap = undefined;
  }

  change(how) {
    if (!this.bitmap) return;
    const { square, box } = this;
    how(square);
    const part = (pixels, whole) => `${(100 * pixels) / whole}%`;
    box.style.left = part(square.x, square.width);
    box.style.top = part(square.y, square.height);
    box.style.width = part(square.side, square.width);
    box.style.height = part(square.side, square.height);
    this.slider.value = String(square.side);
    for (const preview of this.previews) {
      const context = preview.getContext('2d');
      context.imageSmoothingQuality = 'high';
      context.clearRect(0, 0, preview.width, preview.height);
      context.drawImage(this.bitmap, square.x, square.y, square.side, square.side, 0, 0, preview.width, preview.height);
    }
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.say(), REST);
  }

  say() {
    const { x, y, side } = this.square;
    this.said.textContent = this.said.dataset.says.replace('%w', side).replace('%x', x).replace('%y', y);
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const { most, side } = this.square;
    const step = Math.max(1, Math.round(most / 40));
    const larger = (square) => square.resize(side + step);
    const smaller = (square) => square.resize(side - step);
    const keys = event.shiftKey
      ? { ArrowRight: larger, ArrowUp: larger, ArrowLeft: smaller, ArrowDown: smaller, '+': larger, _: smaller }
      : {
          ArrowLeft: (square) => square.by(-step, 0),
          ArrowRight: (square) => square.by(step, 0),
          ArrowUp: (square) => square.by(0, -step),
          ArrowDown: (square) => square.by(0, step),
          '+': larger,
          '=': larger,
          '-': smaller,
          Home: (square) => square.centre(),
        };
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    this.change(keys[event.key]);
  }

  /** Where a pointer is, in pixels of the picture. */
  point(event) {
    const { left, top, width } = this.stage.getBoundingClientRect();
    const factor = this.square.width / width;
    return { x: (event.clientX - left) * factor, y: (event.clientY - top) * factor };
  }

  grab(event) {
    if (!this.bitmap || !event.isPrimary || event.button !== 0) return;
    event.preventDefault();
    this.box.focus({ preventScroll: true });
    const { grip } = event.target.dataset;
    const start = this.point(event);
    // Beside the square: it comes to the pointer.
    if (!this.box.contains(event.target)) {
      this.change((square) => square.to(start.x - square.side / 2, start.y - square.side / 2));
    }
    const from = { x: this.square.x, y: this.square.y };
    const drag = (moved) => {
      const { x, y } = this.point(moved);
      this.change((square) => (grip ? square.pull(grip, x, y) : square.to(from.x + x - start.x, from.y + y - start.y)));
    };
    const release = () => {
      this.stage.removeEventListener('pointermove', drag);
      this.stage.removeEventListener('pointerup', release);
      this.stage.removeEventListener('pointercancel', release);
    };
    this.stage.setPointerCapture(event.pointerId);
    this.stage.addEventListener('pointermove', drag);
    this.stage.addEventListener('pointerup', release);
    this.stage.addEventListener('pointercancel', release);
  }
}
